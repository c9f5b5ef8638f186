import { originOf, remoteAddressOf } from '#auth';
import type { Visitor } from './types.ts';

export const visitorOf = (context: { readonly env: unknown }): Visitor => ({
  remoteAddress: remoteAddressOf(context),
  origin: originOf(context),
});
