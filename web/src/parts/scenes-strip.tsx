import { useState } from 'preact/hooks';
import { control } from '../control-api.ts';
import type { Command, Run, Scene } from '../control-wire.ts';
import { useAction, useFresh, useObservable } from '../hooks.ts';
import { runWords } from '../run-words.ts';
import { useSession } from '../session.ts';
import { ProblemNote } from './problem-note.tsx';

/** A button for each scene, and what became of the one that was run last; nothing without scenes. */
export function ScenesStrip() {
  const { live } = useSession();
  const { changes, welcomes, devices, commands, controls } = useObservable(live.state);
  const [scenes] = useFresh(control.scenes, 'scenes', `${welcomes} ${changes.scene}`);
  const [last, setLast] = useState<{ scene: Scene; run: Run | undefined }>();
  const run = useAction(async (scene: Scene) => {
    setLast({ scene, run: undefined });
    setLast({ scene, run: await control.runScene(scene.id) });
  });
  // Of the scenes that a guest sees, those that do something elsewhere are not theirs to run.
  const mayRun = ({ commands: steps }: Scene) =>
    controls === null || steps.every(({ device_id: id }) => id !== null && controls.has(id));
  const shown = scenes.state === 'loaded' ? scenes.value.filter(mayRun) : [];
  if (shown.length === 0) return null;
  const nameOf = (id: string) => devices.get(id)?.name ?? id;
  const newest = (command: Command) =>
    commands.get(command.device_id)?.find(({ id }) => id === command.id) ?? command;
  return (
    <section class="scenes" aria-label="Scenes">
      <div class="buttons">
        {shown.map((scene) => (
          <button
            key={scene.id}
            type="button"
            class="button"
            disabled={run.busy}
            onClick={() => void run.run(scene)}
          >
            {scene.name}
          </button>
        ))}
      </div>
      <p role="status">
        {last?.run &&
          runWords(
            last.scene.name,
            { ...last.run, commands: last.run.commands.map(newest) },
            nameOf,
          )}
        {run.busy && last && `${last.scene.name}: asking the devices…`}
      </p>
      <ProblemNote problem={run.problem} />
    </section>
  );
}
