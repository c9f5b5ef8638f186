import { call, segment } from './api.ts';
import type {
  BrowserOptions,
  HouseholdPerson,
  Invitation,
  LogInAnswer,
  NewSecondFactor,
  NewShare,
  OneTimeCode,
  Passkey,
  PasskeyAvailability,
  PersonRole,
  Provider,
  SecondFactorState,
  Share,
  SignInSession,
} from './people-wire.ts';
import type { Person } from './wire.ts';

const person = (id: string): string => `/people/${segment(id)}`;

/** Sends a password only where one was typed. */
const withPassword = (password: string): object => (password === '' ? {} : { password });

/** Every request about how somebody gets in. */
export const entry = {
  logIn: (email: string, password: string) =>
    call<LogInAnswer>('POST', '/auth/login', { email, password }),
  verifyCode: (challenge: string, code: string) =>
    call<unknown>('POST', '/auth/2fa/verify', { challenge, code }),
  register: (joining: { name: string; email: string; password: string; invitation: string }) =>
    call<unknown>('POST', '/auth/register', joining),
  resetPassword: (code: string, password: string) =>
    call<unknown>('POST', '/auth/password/reset', { code, new_password: password }),
  forgotPassword: (email: string) => call<unknown>('POST', '/auth/password/forgot', { email }),
  provider: () => call<Provider>('GET', '/auth/oidc'),
  passkeysAvailable: () => call<PasskeyAvailability>('GET', '/auth/passkeys/available'),
  beginPasskeyLogIn: () =>
    call<{ challenge_id: string; options: BrowserOptions }>(
      'POST',
      '/auth/passkeys/login/options',
      {},
    ),
  logInWithPasskey: (challengeId: string, response: object) =>
    call<unknown>('POST', '/auth/passkeys/login', { challenge_id: challengeId, response }),
};

/** Every request about one's own account. */
export const account = {
  rename: (name: string) => call<Person>('PATCH', '/auth/me', { name }),
  changePassword: (current: string, next: string) =>
    call<unknown>('POST', '/auth/password', { current_password: current, new_password: next }),
  sessions: async () =>
    (await call<{ sessions: SignInSession[] }>('GET', '/auth/sessions')).sessions,
  endSession: (id: string) => call<unknown>('DELETE', `/auth/sessions/${segment(id)}`),

  secondFactor: () => call<SecondFactorState>('GET', '/auth/2fa'),
  beginTotp: (password: string) => call<NewSecondFactor>('POST', '/auth/2fa/totp', { password }),
  confirmTotp: async (code: string) =>
    (await call<{ recovery_codes: string[] }>('POST', '/auth/2fa/totp/confirm', { code }))
      .recovery_codes,
  removeTotp: (password: string) => call<unknown>('DELETE', '/auth/2fa/totp', { password }),
  newRecoveryCodes: async (password: string) =>
    (await call<{ recovery_codes: string[] }>('POST', '/auth/2fa/recovery-codes', { password }))
      .recovery_codes,

  passkeys: async () => (await call<{ passkeys: Passkey[] }>('GET', '/auth/passkeys')).passkeys,
  beginPasskey: (password: string) =>
    call<{ options: BrowserOptions }>('POST', '/auth/passkeys/options', withPassword(password)),
  addPasskey: (name: string, response: object) =>
    call<Passkey>('POST', '/auth/passkeys', { name, response }),
  renamePasskey: (id: string, name: string) =>
    call<Passkey>('PATCH', `/auth/passkeys/${segment(id)}`, { name }),
  removePasskey: (id: string) => call<unknown>('DELETE', `/auth/passkeys/${segment(id)}`),

  /** The address at the provider to go to. */
  beginLink: async (password: string) =>
    (await call<{ url: string }>('POST', '/auth/oidc/link', withPassword(password))).url,
  removeLink: () => call<unknown>('DELETE', '/auth/oidc/link'),
};

/** Every request about the others of the home, with one's own password where the hub asks for it. */
export const people = {
  list: async () => (await call<{ people: HouseholdPerson[] }>('GET', '/people')).people,
  change: (id: string, changes: { role?: PersonRole; disabled?: boolean }, password = '') =>
    call<HouseholdPerson>('PATCH', person(id), { ...changes, ...withPassword(password) }),
  remove: (id: string) => call<unknown>('DELETE', person(id)),
  resetPassword: (id: string, password = '') =>
    call<OneTimeCode>('POST', `${person(id)}/reset-password`, withPassword(password)),
  removeSecondFactor: (id: string, password = '') =>
    call<unknown>('DELETE', `${person(id)}/2fa`, withPassword(password)),

  invitations: async () =>
    (await call<{ invitations: Invitation[] }>('GET', '/people/invitations')).invitations,
  invite: (
    invitation: { role: PersonRole; email?: string; expires_in: string },
    password: string,
  ) =>
    call<OneTimeCode>('POST', '/people/invitations', { ...invitation, ...withPassword(password) }),
  withdraw: (id: string) => call<unknown>('DELETE', `/people/invitations/${segment(id)}`),

  shares: async (id: string) =>
    (await call<{ shares: Share[] }>('GET', `${person(id)}/shares`)).shares,
  share: (share: NewShare) => call<Share>('POST', '/shares', share),
  endShare: (id: string) => call<unknown>('DELETE', `/shares/${segment(id)}`),
};
