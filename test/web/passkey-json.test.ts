import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  authenticationJson,
  base64urlOf,
  bytesOf,
  creationOptions,
  registrationJson,
  requestOptions,
} from '../../web/src/passkey-json.ts';

const buffer = (...bytes: number[]) => new Uint8Array(bytes).buffer;

describe('base64url', () => {
  it('is that of Node, there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = base64urlOf(new Uint8Array(bytes).buffer);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect([...bytesOf(text)]).toEqual([...bytes]);
      }),
    );
  });
});

it('makes of the hub’s options what a browser takes', () => {
  const made = creationOptions({
    challenge: 'AQI',
    rp: { id: 'hub.local', name: 'Hearth' },
    user: { id: 'Aw', name: 'ada@example.org', displayName: 'Ada' },
    excludeCredentials: [{ type: 'public-key', id: 'BA' }],
  });
  expect(made).toMatchObject({ rp: { id: 'hub.local' }, user: { displayName: 'Ada' } });
  expect(made.challenge).toEqual(new Uint8Array([1, 2]));
  expect(made.user.id).toEqual(new Uint8Array([3]));
  expect(made.excludeCredentials).toEqual([{ type: 'public-key', id: new Uint8Array([4]) }]);
  expect(requestOptions({ challenge: 'AQI', rpId: 'hub.local' })).toEqual({
    challenge: new Uint8Array([1, 2]),
    rpId: 'hub.local',
    allowCredentials: [],
  });
});

it('makes of a new credential what the hub takes', () => {
  const response = {
    clientDataJSON: buffer(1),
    attestationObject: buffer(2, 3),
    getTransports: () => ['internal'],
  };
  expect(registrationJson({ id: 'BA', rawId: buffer(4), response })).toEqual({
    id: 'BA',
    rawId: 'BA',
    type: 'public-key',
    response: { clientDataJSON: 'AQ', attestationObject: 'AgM', transports: ['internal'] },
  });
});

it.each([
  [null, {}],
  [buffer(9), { userHandle: 'CQ' }],
])('makes of a signature what the hub takes, the user’s handle being %j', (userHandle, more) => {
  const response = {
    clientDataJSON: buffer(1),
    authenticatorData: buffer(2),
    signature: buffer(3),
    userHandle,
  };
  expect(authenticationJson({ id: 'BA', rawId: buffer(4), response })).toEqual({
    id: 'BA',
    rawId: 'BA',
    type: 'public-key',
    response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw', ...more },
  });
});
