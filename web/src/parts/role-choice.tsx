import type { PersonRole } from '../people-wire.ts';
import type { Problem } from '../problem.ts';
import { roleMeaning, rolesToGive, roleWords } from '../roles.ts';
import { useSession } from '../session.ts';
import { Choice } from './choice.tsx';

/** One of the roles that one may give, and what it means. */
export function RoleChoice(props: {
  value: PersonRole;
  onValue: (role: PersonRole) => void;
  problem: Problem | undefined;
}) {
  const { person } = useSession();
  const roles = rolesToGive(person.role);
  return (
    <Choice
      label="Role"
      name="role"
      value={props.value}
      onValue={(value) => props.onValue(roles.find((role) => role === value) ?? props.value)}
      problem={props.problem}
      help={roleMeaning[props.value]}
      choices={roles.map((role) => [role, roleWords(role)])}
    />
  );
}
