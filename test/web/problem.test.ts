import { describe, expect, it } from 'vitest';
import { Problem, problemOf, sentence, toProblem } from '../../web/src/problem.ts';

describe('what went wrong', () => {
  it('reads a problem document', () => {
    const problem = problemOf(422, {
      title: 'Unprocessable Content',
      status: 422,
      code: 'unprocessable',
      detail: 'id cannot be "status"',
      hint: 'Choose another.',
      field: 'id',
    });
    expect(problem).toMatchObject({
      status: 422,
      code: 'unprocessable',
      message: 'id cannot be "status"',
      hint: 'Choose another.',
      field: 'id',
    });
  });

  it.each([[undefined], [null], ['<html>'], [{ detail: 7 }]])(
    'has plain words for a body that is no such document: %j',
    (body) => {
      expect(problemOf(502, body).message).toBe('The hub answered with an error (502).');
    },
  );

  it('shows a bug without its insides', () => {
    expect(toProblem(new TypeError('x is undefined')).message).not.toContain('undefined');
    const problem = new Problem(404, 'not_found', 'gone');
    expect(toProblem(problem)).toBe(problem);
  });
});

it.each([
  ['the code is not right', 'The code is not right.'],
  ['Wait a moment.', 'Wait a moment.'],
  ['really?', 'Really?'],
  ['  ', ''],
])('makes a sentence of %j', (text, said) => {
  expect(sentence(text)).toBe(said);
});
