import { join } from 'node:path';
import { Auth } from '#auth';
import { migrate, migrations, openDatabase } from '#db';
import { silentLog, systemClock } from '#kernel';
import { Secrets } from '#secrets';
import type { Scenario } from '../scenario.ts';

const tokenCount = 2000;
const origin = { remoteAddress: '192.168.1.7', userAgent: 'bench', isLocal: false };
const owner = { email: 'owner@example.org', password: 'four words that rhyme', name: 'Owner' };

/** What an access token costs with each request: the first time that it is seen, and again. */
export const signIn: Scenario = {
  name: 'sign-in',
  async run({ directory }) {
    const db = openDatabase(join(directory, 'hearth.db'));
    migrate(db, migrations);
    const vault = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
    await vault.start();
    const auth = new Auth({
      db,
      directory,
      clock: systemClock,
      log: silentLog,
      homeName: 'Bench',
      vault,
      audit: { append: () => {} },
    });
    await auth.start();
    const code = auth.setupCode() ?? '';
    let { refreshToken } = await auth.setUp({ ...owner, code }, origin);
    const tokens: string[] = [];
    while (tokens.length < tokenCount) {
      const next = await auth.signIns.refresh(refreshToken, origin);
      refreshToken = next.refreshToken;
      tokens.push(next.accessToken);
    }
    const firstMs = timeOf(auth, tokens);
    const again = tokens.slice(-100);
    timeOf(auth, again);
    const againMs = timeOf(auth, again);
    await auth.stop();
    db.close();
    return {
      title: `access tokens, ${tokenCount} of them`,
      rows: [
        ['verified for the first time, ms each', firstMs.toFixed(3)],
        ['seen again, ms each', againMs.toFixed(4)],
      ],
      goals: [['verified for the first time, ms each', firstMs, 'under', 0.2]],
    };
  },
};

function timeOf(auth: Auth, tokens: readonly string[]): number {
  const beganMs = performance.now();
  for (const token of tokens) {
    if (auth.callerOfBearer(token) === undefined) throw new Error('a token was not accepted');
  }
  return (performance.now() - beganMs) / tokens.length;
}
