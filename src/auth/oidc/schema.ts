import { z } from '@hono/zod-openapi';

const time = z.iso.datetime().openapi({ description: 'ISO 8601, UTC' });

export const state = z
  .object({
    provider: z
      .object({ name: z.string() })
      .nullable()
      .openapi({ description: 'What the button is called; null where no provider is set up' }),
    link: z
      .object({ email: z.string().nullable(), created_at: time, last_used_at: time.nullable() })
      .nullable()
      .openapi({ description: 'The account of whoever asks, when they are signed in' }),
  })
  .openapi('OpenIdConnect');

export const beginSignIn = z.object({
  invitation: z.string().min(1).max(128).optional(),
});

export const beginLink = z
  .strictObject({
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .openapi({ description: 'Needed when the sign-in is more than ten minutes old' }),
  })
  .openapi('LinkRequest');

export const departure = z
  .object({ url: z.string().openapi({ description: 'Where to send the browser' }) })
  .openapi('Departure');

/** What a provider adds to the address; it may add more, which only the library reads. */
export const returned = z.object({
  state: z.string().max(256).optional(),
  code: z.string().max(8192).optional(),
  error: z.string().max(256).optional(),
});
