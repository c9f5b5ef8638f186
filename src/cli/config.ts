import { describeConfig } from '#config';
import type { Invocation } from './invocation.ts';

/** Shows every setting as this command line, environment and data directory would have it. */
export async function config(at: Invocation): Promise<void> {
  const current = at.config();
  const settings = describeConfig().map(({ key, environment, fallback, help, secret }) => ({
    key,
    value: secret && current[key] !== undefined ? '(set)' : current[key],
    default: fallback,
    environment,
    help,
  }));
  at.answer(settings, () =>
    at.table(
      ['setting', 'value', 'default', 'environment', 'what'],
      settings.map((setting) => [
        setting.key,
        setting.value,
        setting.default,
        setting.environment,
        setting.help,
      ]),
      ['what'],
    ),
  );
}
