import { useState } from 'preact/hooks';
import { keeping } from '../history-api.ts';
import type { KeptDays, KeptRule } from '../history-wire.ts';
import { useAction, useObservable } from '../hooks.ts';
import { daysWords, tierNames } from '../kept-words.ts';
import { metricOf, sortMetrics } from '../metrics.ts';
import { useSession } from '../session.ts';
import type { Device } from '../wire.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { typeWords } from './type-choice.tsx';

type Days = Readonly<Record<keyof KeptDays, string>>;

/** A new rule, or one that is to be changed: then what it is about stays. */
export function RuleForm(props: {
  home: KeptDays;
  rule?: KeptRule;
  onDone: () => void;
  onCancel: () => void;
}) {
  const { home, rule } = props;
  const { live } = useSession();
  const devices = [...useObservable(live.state).devices.values()];
  const [target, setTarget] = useState(targetOf(rule));
  const [metric, setMetric] = useState(rule?.metric ?? '');
  const [days, setDays] = useState<Days>(daysOf(rule));
  const about = devices.filter(isOf(target));
  const save = useAction(async () => {
    await keeping.setRule({
      ...(isOfType(target) ? { type: nameIn(target) } : { device_id: nameIn(target) }),
      ...(metric !== '' && { metric }),
      ...numbersIn(days),
    });
    props.onDone();
  });
  return (
    <Form
      action={save}
      fields={['device_id', 'metric', ...tierNames.map(([, key]) => key)]}
      submit="Save the rule"
      busy="Saving…"
      onCancel={props.onCancel}
    >
      {rule === undefined && <h3>A new rule</h3>}
      {rule === undefined && (
        <div class="field-row">
          <Choice
            label="For"
            name="device_id"
            value={target}
            onValue={(value) => {
              setTarget(value);
              setMetric('');
            }}
            isRequired
            problem={save.problem}
            choices={target === '' ? [['', 'Choose a type or a device']] : []}
            groups={[
              { label: 'All of a type', choices: typesOf(devices) },
              { label: 'Devices', choices: choicesOf(devices) },
            ]}
          />
          <Choice
            label="What"
            name="metric"
            value={metric}
            onValue={setMetric}
            problem={save.problem}
            choices={[['', 'Everything it measures'], ...metricsOf(about)]}
          />
        </div>
      )}
      <p>For how many days, where that is not as for the rest:</p>
      <div class="field-row">
        {tierNames.map(([, key, words]) => (
          <Field
            key={key}
            label={words}
            name={key}
            value={days[key]}
            onValue={(value) => setDays({ ...days, [key]: value })}
            problem={save.problem}
            help={`The rest: ${daysWords(home[key])}.`}
            required={false}
            input={{ type: 'number', min: 1, max: 36_500, step: 1, inputMode: 'numeric' }}
          />
        ))}
      </div>
    </Form>
  );
}

const isOfType = (target: string): boolean => target.startsWith('type:');
const nameIn = (target: string): string => target.slice(target.indexOf(':') + 1);

const isOf =
  (target: string) =>
  ({ id, type }: Device): boolean =>
    target === `type:${type}` || target === `device:${id}`;

function targetOf(rule: KeptRule | undefined): string {
  if (rule === undefined) return '';
  return rule.device_id === null ? `type:${rule.type}` : `device:${rule.device_id}`;
}

const daysOf = (rule: KeptRule | undefined): Days => {
  const text = (key: keyof KeptDays) => (rule?.[key] == null ? '' : String(rule[key]));
  return {
    raw_days: text('raw_days'),
    minute_days: text('minute_days'),
    hour_days: text('hour_days'),
    day_days: text('day_days'),
  };
};

const numbersIn = (days: Days): Partial<KeptDays> =>
  Object.fromEntries(
    Object.entries(days).flatMap(([key, text]) => (text === '' ? [] : [[key, Number(text)]])),
  );

const typesOf = (devices: readonly Device[]) =>
  [...new Set(devices.map(({ type }) => type))]
    .sort()
    .map((type) => [`type:${type}`, typeWords(type)] as const);

const choicesOf = (devices: readonly Device[]) =>
  [...devices]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ id, name }) => [`device:${id}`, name] as const);

/** What these devices measure, as far as they have said so. */
export const metricsOf = (devices: readonly Device[]) =>
  sortMetrics([
    ...new Set(
      devices.flatMap(({ latest, sensitive = [] }) => [...Object.keys(latest ?? {}), ...sensitive]),
    ),
  ])
    .filter((metric) => metric !== 'timestamp')
    .map((metric) => [metric, metricOf(metric).label] as const);
