import { Field } from './field.tsx';
import { NewPassword } from './new-password.tsx';

interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/** Who somebody is, and what they will sign in with. */
export function AccountFields(props: {
  account: Account;
  change: (field: keyof Account) => (value: string) => void;
  problem: Parameters<typeof NewPassword>[0]['problem'];
  emailHelp: string;
}) {
  const { account, change, problem, emailHelp } = props;
  return (
    <>
      <Field
        label="Your name"
        name="name"
        value={account.name}
        onValue={change('name')}
        problem={problem}
        input={{ autocomplete: 'name', maxLength: 100 }}
      />
      <Field
        label="E-mail"
        name="email"
        value={account.email}
        onValue={change('email')}
        problem={problem}
        help={emailHelp}
        input={{
          type: 'email',
          autocomplete: 'username',
          autocapitalize: 'off',
          spellcheck: false,
        }}
      />
      <NewPassword
        name="password"
        value={account.password}
        onValue={change('password')}
        problem={problem}
      />
    </>
  );
}
