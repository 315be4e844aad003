import { describe, expect, it } from 'vitest';
import { escapeControls, openLog, RateLimitedLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { ManualClock } from '../fakes/clock.ts';

function lines(format: 'text' | 'json'): { said: string[]; log: ReturnType<typeof openLog> } {
  const said: string[] = [];
  const log = openLog({
    level: 'info',
    format,
    fields: { node_id: 'n1' },
    write: (line) => void said.push(line),
  });
  return { said, log };
}

describe('the log', () => {
  it('is one line an event for people: time, level, sentence, fields', () => {
    const { said, log } = lines('text');
    log.warn('cluster.node.rejected', 'Rejecting node x: Missing signature', {
      slot: 'fleet:cluster:node:x',
      times: 2,
    });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}Rejecting node x: Missing signature {2}node_id=n1 slot=fleet:cluster:node:x times=2\n$/,
    );
  });

  it('is JSON for machines, with the event and the time', () => {
    const { said, log } = lines('json');
    log.info('server.ready', 'Listening', { port: 8768 });
    expect(JSON.parse(said[0] ?? '')).toMatchObject({
      level: 'info',
      event: 'server.ready',
      msg: 'Listening',
      node_id: 'n1',
      port: 8768,
      time: expect.stringMatching(/Z$/),
    });
  });

  it('lets no byte of a foreign name move the cursor, break the line or turn the text around', () => {
    const { said, log } = lines('text');
    log.warn('x', 'Rejecting node a\nb\u001b[2J\u202e', { name: 'c\r\nd\u0007' });
    expect(said[0]?.slice(0, -1)).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(said[0]).toContain('a\\u000ab\\u001b[2J\\u202e');
  });

  it('has no words for a secret', () => {
    for (const format of ['text', 'json'] as const) {
      const { said, log } = lines(format);
      log.info('x', 'y', {
        key: Secret.fromText('correct horse'),
        nested: { key: Secret.fromText('battery') },
      });
      expect(said.join()).not.toMatch(/correct|battery/);
      expect(said.join()).toContain('[secret]');
    }
  });

  it('escapes what is not printed and leaves names in any script as they are', () => {
    expect(escapeControls('Zoë 李 مرحبا')).toBe('Zoë 李 مرحبا');
    expect(escapeControls('\u2028\u0000')).toBe('\\u2028\\u0000');
  });
});

describe('what comes too often', () => {
  it('is said once, then once an interval with how often it happened', async () => {
    const clock = new ManualClock();
    const rare = new RateLimitedLog(clock);
    const said: number[] = [];
    for (let i = 0; i < 240; i += 1) rare.once('a', (times) => said.push(times));
    expect(said).toEqual([1]);
    await clock.advance(RateLimitedLog.INTERVAL_MS);
    rare.once('a', (times) => said.push(times));
    expect(said).toEqual([1, 240]);
  });

  it('is counted together beyond the bound, and apart again once the flood is over', async () => {
    const clock = new ManualClock();
    const rare = new RateLimitedLog(clock);
    let said = 0;
    for (let i = 0; i < 10_000; i += 1) rare.once(`junk ${i}`, () => (said += 1));
    expect(said).toBe(RateLimitedLog.MAX_KEYS + 1);
    await clock.advance(RateLimitedLog.INTERVAL_MS);
    rare.once('something else', (times) => expect(times).toBe(1));
    rare.once('another thing', () => (said += 1));
    expect(said).toBe(RateLimitedLog.MAX_KEYS + 2);
  });
});
