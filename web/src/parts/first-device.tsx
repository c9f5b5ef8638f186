import { linkTo } from '../route.ts';
import { CodeBlock } from './code-block.tsx';

/** An empty home: how the first device comes into it. */
export function FirstDevice({ mayAdd }: { mayAdd: boolean }) {
  return (
    <section class="card first-device" aria-labelledby="first-device">
      <h2 id="first-device">Add your first device</h2>
      <p>
        A device gets a name and its own certificate. With these it can talk to the hub, and nothing
        else in the house can pretend to be it.
      </p>
      {mayAdd && (
        <p>
          <a class="button button-main" href={linkTo({ page: 'add' })}>
            Add a device here
          </a>
        </p>
      )}
      <h3>Or in the terminal of the hub</h3>
      <CodeBlock
        label="the line that adds a device"
        text="bin/hearth device add kitchen-plug --name 'Kitchen plug' --type plug --out ./kitchen-plug"
      />
      <p>
        That writes its certificate, its key and a README with the exact line that sends a first
        reading. No device at hand? Let a whole home of pretended ones report:
      </p>
      <CodeBlock
        label="the line that starts the simulator"
        text="bin/hearth simulate --preset home"
      />
    </section>
  );
}
