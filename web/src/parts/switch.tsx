/** A switch as it stands: pressing it asks for the other state, and does not show it before it is so. */
export function Switch(props: {
  /** What it switches, for those who cannot see where it stands. */
  label: string;
  on: boolean;
  /** Something is under way: it cannot be pressed, and keeps the focus. */
  busy?: boolean;
  describedBy?: string;
  onPress: () => void;
}) {
  const { label, on, busy = false, describedBy, onPress } = props;
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-label={label}
      aria-checked={on}
      aria-disabled={busy}
      aria-describedby={describedBy}
      onClick={() => busy || onPress()}
    >
      <span class="switch-knob" />
    </button>
  );
}
