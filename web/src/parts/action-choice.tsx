import { type ActionDraft, draftFor, noAction } from '../action-draft.ts';
import type { ActionDefinition, TypeDefinition } from '../control-wire.ts';
import { actionOf } from '../definitions.ts';
import type { Problem } from '../problem.ts';
import { Choice } from './choice.tsx';
import { ValueField } from './value-field.tsx';

/** What a device is to do, and with which value. */
export function ActionChoice(props: {
  label: string;
  /** Of the type that the device is of. */
  definition: TypeDefinition;
  /** Those to choose from. */
  actions: readonly ActionDefinition[];
  draft: ActionDraft;
  onDraft: (draft: ActionDraft) => void;
  /** Stands before the hub's names of the fields: `end_action.`. */
  prefix?: string;
  problem?: Problem | undefined;
}) {
  const { definition, draft, onDraft, prefix = '', problem } = props;
  const chosen = actionOf(definition, draft.action);
  // One that was chosen elsewhere, by another word for the same, is kept.
  const isListed = props.actions.some(({ name }) => name === draft.action);
  const actions = chosen && !isListed ? [...props.actions, chosen] : props.actions;
  return (
    <div class="field-row">
      <Choice
        label={props.label}
        name={`${prefix}action`}
        value={draft.action}
        onValue={(name) => {
          const action = actionOf(definition, name);
          onDraft(action ? draftFor(action) : noAction);
        }}
        choices={actions.map(({ name, label }) => [name, label] as const)}
        problem={problem}
      />
      {chosen && (
        <ValueField
          action={chosen}
          name={`${prefix}value`}
          value={draft.value}
          onValue={(value) => onDraft({ ...draft, value })}
          problem={problem}
        />
      )}
    </div>
  );
}
