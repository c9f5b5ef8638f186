import { HearthError } from '#kernel';
import { expiryOf, type SendOptions, waitOf, waitQuery } from './command.ts';
import { findTarget } from './group.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { answerRun, type Run } from './run-words.ts';
import { actionOf, actionWords } from './value.ts';

interface SceneCommand {
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly action: string;
  readonly value: unknown;
}

interface Scene {
  readonly id: string;
  readonly name: string;
  readonly commands: readonly SceneCommand[];
}

/** A command of a scene as it is typed: `kitchen-plug:relay_on`, `fan:setFanSpeed=3`. */
export interface SceneWord {
  readonly target: string;
  readonly action: string;
  readonly value: string | undefined;
}

/** @throws HearthError `bad_request` naming the word. */
export function readSceneWord(word: string): SceneWord {
  const [, target, action, value] = /^([^:=]+):([^:=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (target !== undefined && action !== undefined) return { target, action, value };
  throw new HearthError('bad_request', `"${word.slice(0, 60)}" is no command of a scene`, {
    hint: 'Write device:action or device:action=value, as in fan:setFanSpeed=3.',
  });
}

export async function addScene(
  at: Invocation,
  name: string,
  words: readonly string[],
): Promise<void> {
  const typed = words.map(readSceneWord);
  const scene = await withHub(at, async (hub) =>
    hub.post<Scene>('/scenes', { name, commands: await commandsOf(hub, typed) }),
  );
  at.answer(scene, () => `${scene.name} is added, as ${scene.id}.`);
  at.note(`To run it: hearth scene run ${scene.id}`);
}

/** Gives a scene other commands, in the place of those it has. */
export async function setScene(
  at: Invocation,
  idOrName: string,
  words: readonly string[],
): Promise<void> {
  const typed = words.map(readSceneWord);
  const scene = await withHub(at, async (hub) => {
    const { id } = await findScene(hub, idOrName);
    return hub.patch<Scene>(scenePath(id), { commands: await commandsOf(hub, typed) });
  });
  at.answer(scene, () => `${scene.name} is now: ${scene.commands.map(wordsOf).join(', ')}.`);
}

async function commandsOf(hub: Hub, typed: readonly SceneWord[]): Promise<object[]> {
  const commands: object[] = [];
  for (const { target, action, value } of typed) {
    commands.push({ ...(await findTarget(hub, target)), ...actionOf(action, value) });
  }
  return commands;
}

export async function listScenes(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ scenes: readonly Scene[] }>('/scenes'));
  at.answer(answer, () =>
    answer.scenes.length === 0
      ? 'There are no scenes yet: hearth scene add "Good night" lamp:turnOff fan:setFanSpeed=1.'
      : at.table(
          ['id', 'name', 'commands'],
          answer.scenes.map(({ id, name, commands }) => [id, name, commands.map(wordsOf)]),
          ['name', 'commands'],
        ),
  );
}

/** Runs a scene, and shows what became of every command of it. */
export async function runScene(
  at: Invocation,
  idOrName: string,
  options: SendOptions,
): Promise<void> {
  const waited = waitOf(options);
  const run = await withHub(
    at,
    async (hub) => {
      const { id } = await findScene(hub, idOrName);
      return hub.post<Run>(`${scenePath(id)}/run${waitQuery(waited)}`, expiryOf(options));
    },
    { running: true },
  );
  answerRun(at, run, waited);
}

export async function removeScene(at: Invocation, idOrName: string): Promise<void> {
  const scene = await withHub(at, async (hub) => {
    const found = await findScene(hub, idOrName);
    await hub.delete(scenePath(found.id));
    return found;
  });
  at.answer({ removed: scene.id }, () => `${scene.name} is removed.`);
}

async function findScene(hub: Hub, idOrName: string): Promise<Scene> {
  const { scenes } = await hub.get<{ scenes: readonly Scene[] }>('/scenes');
  const isNamed = ({ name }: Scene) => name.toLowerCase() === idOrName.toLowerCase();
  const scene = scenes.find(({ id }) => id === idOrName) ?? scenes.find(isNamed);
  if (scene) return scene;
  throw new HearthError('not_found', `there is no scene "${idOrName}"`, {
    hint: 'hearth scene list shows them.',
  });
}

const wordsOf = (command: SceneCommand): string =>
  `${command.device_id ?? command.group_id}: ${actionWords(command)}`;

const scenePath = (id: string): string => `/scenes/${encodeURIComponent(id)}`;
