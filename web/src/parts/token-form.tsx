import { useState } from 'preact/hooks';
import { useAction } from '../hooks.ts';
import { type Rights, rightsChoices, rightsOf, scopeChoices } from '../token-rights.ts';
import { trust } from '../trust-api.ts';
import type { Token } from '../trust-wire.ts';
import { Checks } from './checks.tsx';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { PasswordAgain } from './password-again.tsx';
import { Segments } from './segments.tsx';

const lengths = [
  ['30d', '30 days'],
  ['90d', '90 days'],
  ['365d', 'A year'],
  ['', 'For good'],
] as const;

/** A new token: for what, what it may, and for how long. */
export function TokenForm(props: {
  onMade: (token: Token & { token: string }) => void;
  onCancel: () => void;
}) {
  const [name, setName] = useState('');
  const [rights, setRights] = useState<Rights>('look');
  const [scopes, setScopes] = useState<readonly string[]>(['devices.read']);
  const [length, setLength] = useState<(typeof lengths)[number][0]>('90d');
  const [password, setPassword] = useState('');
  const make = useAction(async () => {
    const expiry = length === '' ? {} : { expiresIn: length };
    const mine = password === '' ? {} : { password };
    const may = rightsOf(rights, scopes);
    props.onMade(await trust.makeToken({ name: name.trim(), ...may, ...expiry, ...mine }));
  });
  return (
    <Form
      action={make}
      fields={['name', 'role', 'scopes', 'expiresIn', 'password']}
      submit="Make the token"
      busy="Making it…"
      onCancel={props.onCancel}
      isCard
    >
      <h2>A new token</h2>
      <Field
        label="For which program"
        name="name"
        value={name}
        onValue={setName}
        problem={make.problem}
        help="Such as “Kitchen screen”."
        input={{ maxLength: 100, autocomplete: 'off' }}
      />
      <Choice
        label="It may"
        name="role"
        value={rights}
        onValue={(value) =>
          setRights(rightsChoices.find(([known]) => known === value)?.[0] ?? rights)
        }
        choices={rightsChoices}
        problem={make.problem}
      />
      {rights === 'own' && (
        <Checks
          legend="Exactly this"
          name="scopes"
          choices={scopeChoices}
          value={scopes}
          onValue={setScopes}
          problem={make.problem}
        />
      )}
      <Segments
        legend="Good for"
        isLegendShown
        choices={lengths}
        value={length}
        onValue={setLength}
      />
      <PasswordAgain value={password} onValue={setPassword} problem={make.problem} />
    </Form>
  );
}
