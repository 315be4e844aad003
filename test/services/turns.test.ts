import { describe, expect, it } from 'vitest';
import { READINGS_MAX, Turns } from '../../src/services/limits/turns.ts';

describe('turns', () => {
  it('let the event loop run between two readings, and never two at once', async () => {
    const turns = new Turns();
    const order: string[] = [];
    let running = 0;
    const read = (name: string) => async () => {
      running += 1;
      expect(running).toBe(1);
      order.push(name);
      setImmediate(() => order.push(`others after ${name}`));
      await Promise.resolve();
      running -= 1;
      return name;
    };
    const answers = await Promise.all([turns.take(read('a')), turns.take(read('b')), turns.take(read('c'))]);
    expect(answers).toEqual(['a', 'b', 'c']);
    expect(order.slice(0, 3)).toEqual(['a', 'others after a', 'b']);
  });

  it('go on after a reading that failed, which hears of it itself', async () => {
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error('away')));
    const next = turns.take(async () => 'read');
    await expect(failed).rejects.toThrow('away');
    expect(await next).toBe('read');
  });

  it('send away who comes when too many wait, and take the next one after', async () => {
    const turns = new Turns();
    const waiting = Array.from({ length: READINGS_MAX }, (_, i) => turns.take(async () => i));
    await expect(turns.take(async () => 'one more')).rejects.toMatchObject({
      code: 'view_busy',
      message: 'Too many lists and charts are being read.',
      retryAfterSeconds: 2,
    });
    await Promise.all(waiting);
    expect(await turns.take(async () => 'after')).toBe('after');
  });
});
