import { useId } from 'preact/hooks';
import { useSession } from '../session.ts';

/** Which room a device stands in; the empty choice is no room. */
export function RoomChoice(props: { value: string; onValue: (room: string) => void }) {
  const { rooms } = useSession();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Room</label>
      <select
        id={id}
        name="room"
        value={props.value}
        onChange={(event) => props.onValue(event.currentTarget.value)}
      >
        <option value="">No room yet</option>
        {rooms.map((room) => (
          <option key={room.id} value={room.id}>
            {room.name}
          </option>
        ))}
      </select>
    </div>
  );
}
