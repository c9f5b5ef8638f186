import { people } from '../people-api.ts';
import type { Invitation } from '../people-wire.ts';
import { mayManage, roleWords } from '../roles.ts';
import { useSession } from '../session.ts';
import { dayAndTime } from '../time.ts';
import { Removable } from './removable.tsx';

/** An invitation that nobody has used yet. */
export function InvitationRow(props: {
  invitation: Invitation;
  nowMs: number;
  onChange: () => void;
}) {
  const { invitation, nowMs } = props;
  const { person: me } = useSession();
  const whom = invitation.email ?? 'Whoever has the link';
  return (
    <li class="row">
      <p class="row-main">
        <span>{whom}</span>
        <span class="outcome">{roleWords(invitation.role)}</span>
      </p>
      <p class="quiet">Good until {dayAndTime(Date.parse(invitation.expires_at), nowMs)}</p>
      {mayManage(me.role, invitation.role) && (
        <Removable
          verb="Withdraw"
          name={`the invitation of ${whom}`}
          question="Withdraw it? The link stops working."
          yes="Yes, withdraw it"
          onRemove={async () => {
            await people.withdraw(invitation.id);
            props.onChange();
          }}
        />
      )}
    </li>
  );
}
