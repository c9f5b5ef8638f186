/**
 * `npm run check`: who may import whom. Slices are ranked; an import goes to the left or to the
 * same slice's own files, across slices only through the door (`index.ts`), and never in a circle.
 * Fails when it sees no modules, because a check that reads nothing finds nothing.
 */
import { cruise, type IForbiddenRuleType } from 'dependency-cruiser';

/** From left to right; slices of one row do not see each other. */
const ranks: readonly (readonly string[])[] = [
  ['kernel'],
  ['db', 'mail', 'mqtt', 'secrets'],
  ['pki'],
  ['auth'],
  ['audit', 'alerts'],
  ['devices'],
  ['signing', 'join'],
  ['telemetry', 'commands'],
  ['groups', 'device-config'],
  ['schedules'],
  ['overrides'],
  ['realtime'],
  ['http'],
];

/** Slices beside the row: all that each of them may see. */
const aside: Readonly<Record<string, readonly string[]>> = {
  sim: ['kernel'],
  ops: ['kernel', 'db'],
};

const anySlice = '[^/]+';
const inside = (names: string) => `^src/(${names})/`;

function ranked(): IForbiddenRuleType[] {
  return ranks.flatMap((row, rank) =>
    row.map((slice) => {
      const visible = [slice, ...ranks.slice(0, rank).flat()].join('|');
      return forbid(`${slice}-imports-to-the-left`, inside(slice), visible);
    }),
  );
}

function forbid(name: string, from: string, visible: string): IForbiddenRuleType {
  return {
    name,
    severity: 'error',
    from: { path: from },
    to: { path: '^(src|bin)/', pathNot: [inside(visible), '^src/config\\.ts$'] },
  };
}

const rules: IForbiddenRuleType[] = [
  ...ranked(),
  ...Object.entries(aside).map(([slice, visible]) =>
    forbid(`${slice}-stands-aside`, inside(slice), [slice, ...visible].join('|')),
  ),
  {
    name: 'through-the-door',
    severity: 'error',
    comment: 'Another slice is reached by its index.ts alone.',
    from: { path: '^src/([^/]+)/' },
    to: { path: inside(anySlice), pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
  },
  {
    name: 'only-main-knows-everyone',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/cli/', '^src/main\\.ts$'] },
    to: { path: '^(src/main\\.ts$|src/cli/|bin/)' },
  },
  {
    name: 'no-circles',
    severity: 'error',
    comment: 'A type names its neighbour freely: it is gone before anything runs.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'duckdb-is-seen-where-it-runs-alone',
    severity: 'error',
    comment: 'In the storage worker, and in the process that reads history beside the hub.',
    from: { path: '^src/', pathNot: '^src/telemetry/(worker|analysis)/' },
    to: { path: 'node_modules/@duckdb' },
  },
];

const { output } = await cruise(
  ['src', 'bin'],
  {
    ruleSet: { forbidden: rules },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
  { conditionNames: ['import', 'node'], exportsFields: ['exports'] },
  { tsConfig: undefined },
);

if (typeof output === 'string') throw new Error('the boundary check answered with text');
const { totalCruised, totalDependenciesCruised = 0, violations } = output.summary;
if (totalCruised < 20 || totalDependenciesCruised < 20) {
  process.stderr.write(`boundaries: only ${totalCruised} modules seen; the check is broken\n`);
  process.exit(1);
}
for (const { rule, from, to } of violations) {
  process.stderr.write(`boundaries: ${rule.name}: ${from} → ${to}\n`);
}
process.stdout.write(
  `boundaries: ${totalCruised} modules, ${totalDependenciesCruised} imports, ${violations.length} violations\n`,
);
process.exit(violations.length === 0 ? 0 : 1);
