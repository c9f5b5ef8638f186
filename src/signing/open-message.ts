import { isUtf8 } from 'node:buffer';
import { isBoxed, isRecord, openValues, openWhole } from './boxes.ts';
import { isSignedBy, type SigningKey } from './signed-text.ts';
import type { Demand } from './types.ts';

/** What a message of a device turned out to be. */
export type Opened =
  | {
      readonly ok: true;
      /** The JSON body, decrypted and without its signature. */
      readonly value: unknown;
      readonly signed: boolean;
      readonly encrypted: boolean;
      /** Whether each reading must have a time of its own: signed text without one can be sent again. */
      readonly needsTime: boolean;
    }
  | {
      readonly ok: false;
      readonly field: 'payload' | 'signature' | 'encrypted';
      /** Reads on from the field: "does not fit the device's key". */
      readonly problem: string;
    };

/** What is asked of the messages of one device. */
export interface Protection {
  readonly signature: Demand;
  /** The device's key, or why it cannot be had. */
  readonly key: SigningKey | string;
  readonly prefix: Buffer;
  readonly encryption: Demand;
  /** The secret that hub and device share; made when it is first needed, which takes a millisecond. */
  readonly sharedKey: () => Uint8Array;
}

/** Checks and opens a message as its device's policy has it. Never throws, whatever it holds. */
export function openMessage(protection: Protection, payload: Buffer): Opened {
  if (!isUtf8(payload)) return refused('payload', 'is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    return refused('payload', 'is not JSON');
  }
  const hasSignature = isRecord(value) && Object.hasOwn(value, 'signature');
  if (protection.signature !== 'off') {
    const problem = hasSignature
      ? signatureProblem(protection, payload)
      : protection.signature === 'required'
        ? missing(value)
        : undefined;
    if (problem !== undefined) return refused('signature', problem);
  }
  if (hasSignature) delete (value as Record<string, unknown>).signature;
  const signed = hasSignature && protection.signature !== 'off';
  const needsTime = protection.signature === 'required';
  if (protection.encryption === 'off') {
    return { ok: true, value, signed, encrypted: false, needsTime };
  }
  const unboxed = isBoxed(value)
    ? openWhole(value, protection.sharedKey())
    : openValues(value, protection.sharedKey(), protection.encryption === 'required');
  if ('problem' in unboxed) return refused('encrypted', unboxed.problem);
  return { ok: true, value: unboxed.value, signed, encrypted: unboxed.boxes > 0, needsTime };
}

function signatureProblem({ key, prefix }: Protection, payload: Buffer): string | undefined {
  if (typeof key === 'string') return key;
  return isSignedBy(key, prefix, payload)
    ? undefined
    : "does not fit the message and the device's key";
}

const missing = (value: unknown): string =>
  Array.isArray(value)
    ? 'is missing: a batch has no place for one, unless it is encrypted as a whole'
    : 'is missing';

const refused = (field: 'payload' | 'signature' | 'encrypted', problem: string): Opened => ({
  ok: false,
  field,
  problem,
});
