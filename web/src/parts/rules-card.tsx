import { useState } from 'preact/hooks';
import { upperFirst } from '../command-words.ts';
import { keeping } from '../history-api.ts';
import type { KeptRule, Retention } from '../history-wire.ts';
import { useObservable } from '../hooks.ts';
import { ruleWords } from '../kept-words.ts';
import { metricOf } from '../metrics.ts';
import { useSession } from '../session.ts';
import { Removable } from './removable.tsx';
import { RuleForm } from './rule-form.tsx';
import { typeWords } from './type-choice.tsx';

/** What is kept in another way than the rest: rules for a type of device, or for one of them. */
export function RulesCard(props: { retention: Retention; onChange: () => void }) {
  const { home, rules } = props.retention;
  const [editing, setEditing] = useState<KeptRule | 'new'>();
  const done = () => {
    setEditing(undefined);
    props.onChange();
  };
  return (
    <section class="card" aria-labelledby="rules">
      <h2 id="rules">Kept for longer, or shorter</h2>
      {rules.length === 0 && <p class="quiet">Nothing: all readings are kept as above.</p>}
      {rules.length > 0 && (
        <ul class="rows">
          {rules.map((rule) =>
            rule === editing ? (
              <li key={rule.id} class="row">
                <RuleForm
                  home={home}
                  rule={rule}
                  onDone={done}
                  onCancel={() => setEditing(undefined)}
                />
              </li>
            ) : (
              <RuleRow
                key={rule.id}
                rule={rule}
                onEdit={() => setEditing(rule)}
                onChange={props.onChange}
              />
            ),
          )}
        </ul>
      )}
      {editing === 'new' ? (
        <RuleForm home={home} onDone={done} onCancel={() => setEditing(undefined)} />
      ) : (
        <div class="buttons">
          <button type="button" class="button" onClick={() => setEditing('new')}>
            Add a rule
          </button>
        </div>
      )}
    </section>
  );
}

function RuleRow(props: { rule: KeptRule; onEdit: () => void; onChange: () => void }) {
  const { rule } = props;
  const target = useTargetWords(rule);
  return (
    <li class="row">
      <p>
        <strong>{target}</strong>
      </p>
      <p>{upperFirst(ruleWords(rule))}.</p>
      <Removable
        verb="Remove"
        name={`the rule for ${target}`}
        question="Remove it? What is older than the rest is kept goes with the next clean-up, for good."
        yes="Yes, remove it"
        onRemove={async () => {
          await keeping.removeRule(rule.id);
          props.onChange();
        }}
      >
        <button
          type="button"
          class="button"
          aria-label={`Change the rule for ${target}`}
          onClick={props.onEdit}
        >
          Change
        </button>
      </Removable>
    </li>
  );
}

/** What a rule is about: `Kettle`, `All of type “Air purifier”: Fine dust PM2.5`. */
function useTargetWords({ device_id: id, type, metric }: KeptRule): string {
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  const of = id === null ? `All of type “${typeWords(type ?? '')}”` : (devices.get(id)?.name ?? id);
  return metric === null ? of : `${of}: ${metricOf(metric).label}`;
}
