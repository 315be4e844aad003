/** What made-up tokens cost the database, over real HTTP: few look-ups at a time, and none of who is known waits. */
import { afterEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { LOOKUPS } from '../../src/http/lookups.ts';
import { eventually } from '../scenario/eventually.ts';
import { type OpenDoor, openDoor } from './open-door.ts';
import { expectProblem } from './problem-answer.ts';

const WAIT_MS = 60_000;

let door: OpenDoor;
afterEach(() => door.app.close());

/** The tokens of a store that answers for made-up ones only when it is let go. */
class SlowTokens {
  readonly #held: (() => void)[] = [];
  underWay = 0;

  async authenticate(text: string) {
    if (!text.startsWith('made up')) return { name: text, scopes: ['admin'] } as never;
    this.underWay += 1;
    await new Promise<void>((resolve) => this.#held.push(resolve));
    this.underWay -= 1;
    throw new AtlasError('token_unknown', 'This API token is unknown.');
  }

  letGo(): void {
    for (const answer of this.#held.splice(0)) answer();
  }
}

const ask = (token: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${door.port}/api/fleet/session`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
const askOften = (times: number) => Array.from({ length: times }, (_, at) => ask(`made up ${at}`));

async function drain(tokens: SlowTokens, answers: Promise<Response>[]): Promise<Response[]> {
  const letGo = setInterval(() => tokens.letGo(), 1);
  return Promise.all(answers).finally(() => clearInterval(letGo));
}

describe('made-up tokens', () => {
  it('of one network are looked up two at a time; 32 wait, more are sent away, and a known one passes by', async () => {
    const tokens = new SlowTokens();
    door = await openDoor({}, { tokens });
    expect((await ask('good')).status).toBe(401); // known, but no session
    const { running, waiting } = LOOKUPS.network;
    const answers = askOften(running + waiting + 1);
    const busy = await Promise.any(answers);
    expect(busy.headers.get('retry-after')).toBe('2');
    await expectProblem(busy, 503, 'lookup_busy', 'Too many sessions and tokens wait to be looked up.');
    expect(tokens.underWay).toBe(running);
    await expectProblem(await ask('good'), 401, 'login_required');
    const statuses = (await drain(tokens, answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503)).toHaveLength(1);
  });

  it('of one network do not keep those of another waiting', async () => {
    const tokens = new SlowTokens();
    door = await openDoor({}, { tokens, trustedProxies: ['127.0.0.1'] });
    const many = askOften(LOOKUPS.network.running + LOOKUPS.network.waiting + 1);
    await Promise.any(many);
    const elsewhere = ask('made up elsewhere', { 'x-forwarded-for': '192.0.2.1' });
    const statuses = (await drain(tokens, [elsewhere, ...many])).map(({ status }) => status);
    expect(statuses[0]).toBe(401);
  });

  it('of a network that showed too many are looked up one at a time, and a right one gets in', async () => {
    const tokens = new SlowTokens();
    door = await openDoor({}, { tokens, rates: { wrong: { burst: 1, perSecond: 0.001 } } });
    const [first] = await drain(tokens, askOften(1));
    expect(first?.status).toBe(401);
    const { running, waiting } = LOOKUPS.suspect;
    const answers = askOften(running + waiting + 1);
    const said =
      'One address may send 1 wrong keys, tokens and ended sessions at once, then one each 1000 seconds.';
    await expectProblem(await Promise.any(answers), 429, 'rate_limited', said);
    expect(tokens.underWay).toBe(running);
    await drain(tokens, answers);
    await eventually('its look-ups end', WAIT_MS, () => tokens.underWay === 0);
    await expectProblem(await ask('good'), 401, 'login_required');
  });
});
