import { useSession } from '../session.ts';
import { Choice } from './choice.tsx';

/** Which room a device stands in; the empty choice is no room. */
export function RoomChoice(props: { value: string; onValue: (room: string) => void }) {
  const { rooms } = useSession();
  return (
    <Choice
      label="Room"
      name="room"
      {...props}
      choices={[['', 'No room yet'], ...rooms.map(({ id, name }) => [id, name] as const)]}
    />
  );
}
