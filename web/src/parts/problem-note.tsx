import { type Problem, sentence } from '../problem.ts';

/**
 * What went wrong and what to do, read out at once by a screen reader. A problem with one of
 * `fields` is left to that field, which shows it where it can be mended.
 */
export function ProblemNote(props: { problem: Problem | undefined; fields?: readonly string[] }) {
  const { problem } = props;
  if (!problem || (problem.field !== undefined && props.fields?.includes(problem.field)))
    return null;
  return (
    <div class="note note-problem" role="alert">
      <p>
        <strong>{sentence(problem.message)}</strong>
      </p>
      {problem.hint && <p>{sentence(problem.hint)}</p>}
    </div>
  );
}
