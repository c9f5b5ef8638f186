import { type Problem, sentence } from '../problem.ts';

/**
 * What went wrong and what to do, read out at once by a screen reader. A problem with one of
 * `fields` is left to that field, which shows it where it can be mended.
 */
export function ProblemNote(props: { problem: Problem | undefined; fields?: readonly string[] }) {
  const { field } = props.problem ?? {};
  const problem = field !== undefined && props.fields?.includes(field) ? undefined : props.problem;
  return (
    <div role="alert">
      {problem && (
        <div class="note note-problem">
          <p>
            <strong>{sentence(problem.message)}</strong>
          </p>
          {problem.hint && <p>{sentence(problem.hint)}</p>}
        </div>
      )}
    </div>
  );
}
