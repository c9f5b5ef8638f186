import { controlSocketPath, HearthError } from '#kernel';
import { isErrorCode } from './exit-codes.ts';
import { inCommandWords, spokenHint } from './flag-words.ts';
import { answers, type Link, ownLink, socketLink } from './hub-link.ts';
import type { Invocation } from './invocation.ts';

type Query = Readonly<Record<string, string | undefined>>;

/** What is sent, and as what. */
interface Content {
  readonly type: string;
  readonly text: string;
}

const base = 'http://localhost/api/v1';

/** The REST API of a hub, as the commands see it: JSON in, JSON out, problems thrown. */
export class Hub {
  /** Whether this hub runs by itself, or was opened for this command. */
  readonly live: boolean;
  readonly #link: Link;

  constructor(link: Link, live: boolean) {
    this.#link = link;
    this.live = live;
  }

  /** `path` is below /api/v1, and may have a query. @throws HearthError with the code and hint of the hub's problem. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    const response = await this.stream(path, query);
    return (await response.json()) as Answer;
  }

  async post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return answerOf(await this.#request('POST', path, {}, json(body)));
  }

  /** Sends text that is no JSON. */
  async postText<Answer>(path: string, content: Content, query: Query = {}): Promise<Answer> {
    return answerOf(await this.#request('POST', path, query, content));
  }

  async patch<Answer>(path: string, body: unknown): Promise<Answer> {
    return answerOf(await this.#request('PATCH', path, {}, json(body)));
  }

  async put<Answer>(path: string, body: unknown): Promise<Answer> {
    return answerOf(await this.#request('PUT', path, {}, json(body)));
  }

  /** What is left of it, where the hub says so; `undefined` where nothing is. */
  async delete<Answer = undefined>(path: string): Promise<Answer> {
    return answerOf(await this.#request('DELETE', path));
  }

  /** An answer whose body is read as it comes. */
  stream(path: string, query: Query = {}): Promise<Response> {
    return this.#request('GET', path, query);
  }

  async #request(method: string, path: string, query: Query = {}, content?: Content) {
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const response = await this.#link.request(
      new Request(url, {
        method,
        ...(content && { body: content.text, headers: { 'content-type': content.type } }),
      }),
    );
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

const json = (body: unknown): Content => ({
  type: 'application/json',
  text: JSON.stringify(body),
});

const answerOf = async <Answer>(response: Response): Promise<Answer> =>
  (response.status === 204 ? undefined : await response.json()) as Answer;

export interface Reach {
  /** Make the data directory when it is not there yet. */
  readonly create?: boolean;
  /** Only a hub that runs will do: the command is about its live side. */
  readonly running?: boolean;
}

/**
 * Runs `action` against the hub of the data directory: the running one through its socket, or, when
 * none runs, one opened for the occasion that listens nowhere.
 */
export async function withHub<Result>(
  at: Invocation,
  action: (hub: Hub) => Promise<Result>,
  reach: Reach = {},
): Promise<Result> {
  if (!at.dataExists && !reach.create && !reach.running) {
    throw new HearthError('data_directory', `there is no data directory ${at.data}`, {
      hint: 'Start the hub first (hearth start), or say where it is: --data DIR or HEARTH_DATA.',
    });
  }
  const socketPath = controlSocketPath(at.data);
  const live = await answers(socketPath);
  if (!live && reach.running) {
    throw new HearthError('unavailable', `no hub runs in ${at.data}`, {
      hint: at.dataExists
        ? 'Start it: hearth start.'
        : 'Start it: hearth start. Or say where its data is: --data DIR or HEARTH_DATA.',
    });
  }
  const link = live ? socketLink(socketPath) : await ownLink(at);
  try {
    return await action(new Hub(link, live));
  } finally {
    await link.close();
  }
}

interface Problem {
  readonly code?: unknown;
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly field?: string;
}

async function problemOf(response: Response): Promise<HearthError> {
  const { code, title, detail, hint, field } = parse(await response.text());
  const message = detail ?? title ?? 'no problem was named';
  // An answer without a code of ours is a bug of the hub: no fault of the caller, nor of this command.
  const known = isErrorCode(code) ? code : 'unavailable';
  const shown = known === code ? message : `the hub failed (${response.status}): ${message}`;
  const error = new HearthError(known, shown, {
    ...(hint === undefined ? {} : { hint: spokenHint(hint) }),
    ...(field === undefined ? {} : { field }),
  });
  return inCommandWords(error);
}

function parse(text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return {};
  }
}
