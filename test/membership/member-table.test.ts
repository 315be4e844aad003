import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/protocol/record.ts';
import { bytesOf, fieldsOf, forge, NOW, Signer, without } from '../protocol/signer.ts';
import { Observer } from './observer.ts';

let alice: Signer;
let observer: Observer;
let sequence: number;

beforeEach(() => {
  alice = new Signer('alice');
  observer = new Observer();
  sequence = 0;
});

const hear = (bytes: Uint8Array) => observer.hear('heartbeat', 'alice', bytes);
const hearNode = (bytes: Uint8Array) => observer.hear('node', 'alice', bytes);

/** The next heartbeat of alice, made now, naming us. */
function beat(body: Parameters<Signer['heartbeat']>[1] = {}, clockAheadBy = 0): Uint8Array {
  sequence += 1;
  const order = { timestamp: observer.nowSeconds + clockAheadBy, sequence };
  return alice.heartbeat(order, { ...observer.named, ...body });
}

function meet(): void {
  const node = alice.node();
  hearNode(node);
  hear(beat({ record: digestOf(node) }));
  observer.look();
}

describe('a member', () => {
  it('is not known by a heartbeat alone', () => {
    expect(hear(beat())).toEqual({ code: 'not_member', reason: 'No node record vouches for this server' });
    observer.look();
    expect(observer.state('alice')).toBe('not listed');
  });

  it('is unconfirmed by a node record alone', () => {
    expect(hearNode(alice.node())).toBe('taken');
    observer.look();
    expect(observer.member('alice')).toMatchObject({ state: 'unconfirmed', record: null, silentMs: null });
  });

  it('is healthy when its heartbeat names us and its record', () => {
    meet();
    expect(observer.member('alice')).toMatchObject({
      state: 'healthy',
      record: alice.nodeBody(),
      keyId: alice.keyring?.signing.keyId,
      silentMs: 0,
      clockOffsetSeconds: 0,
      refusal: null,
    });
  });

  it('is unconfirmed while it names another run of ours, or nobody', () => {
    meet();
    hear(beat({ seen: { observer: observer.self.incarnation - 1 } }));
    expect(observer.state('alice')).toBe('unconfirmed');
    hear(beat({ seen: {} }));
    expect(observer.state('alice')).toBe('unconfirmed');
    hear(beat());
    expect(observer.state('alice')).toBe('healthy');
  });

  it('is late after two intervals, offline after the timeout, and healthy with its next heartbeat', () => {
    meet();
    observer.look(19);
    expect(observer.state('alice')).toBe('healthy');
    observer.look(1);
    expect(observer.state('alice')).toBe('late');
    observer.look(9);
    expect(observer.state('alice')).toBe('late');
    observer.look(1);
    expect(observer.member('alice')).toMatchObject({ state: 'offline', silentMs: 30_000 });
    hear(beat());
    expect(observer.state('alice')).toBe('healthy');
  });

  it('that left stays left, and is back with a new incarnation', () => {
    meet();
    hear(beat({ state: 'left' }));
    observer.look(9000);
    expect(observer.state('alice')).toBe('left');
    const order = { timestamp: observer.nowSeconds, incarnation: observer.nowSeconds * 1000, sequence: 1 };
    expect(hear(alice.heartbeat(order, { seen: {} }))).toBe('taken');
    expect(observer.state('alice')).toBe('unconfirmed');
    expect(hear(alice.heartbeat({ ...order, sequence: 2 }, observer.named))).toBe('taken');
    expect(observer.state('alice')).toBe('healthy');
  });

  it('that is told to have left by a heartbeat from before our start has not left: it may be a recording', () => {
    hearNode(alice.node());
    hear(beat({ state: 'left', seen: { observer: observer.self.incarnation - 1 } }));
    observer.look();
    expect(observer.state('alice')).toBe('unconfirmed');
    expect(observer.look(30)).toEqual(['alice']);
    expect(observer.state('alice')).toBe('not listed');
  });

  it('is told to the others by its incarnation, from its first heartbeat on', () => {
    hearNode(alice.node());
    expect(observer.table.incarnations()).toEqual({});
    hear(beat());
    expect(observer.table.incarnations()).toEqual({ alice: NOW * 1000 });
  });

  it('keeps the key it was first seen with', () => {
    meet();
    const impostor = new Signer('alice');
    const order = { sequence: 99 };
    const refusal = { code: 'bad_node_signature', reason: 'Not signed by the key of this server' };
    expect(hearNode(impostor.node(order))).toEqual(refusal);
    expect(hear(impostor.heartbeat(order, observer.named))).toEqual(refusal);
    expect(observer.member('alice')).toMatchObject({ state: 'healthy', record: alice.nodeBody() });
  });
});

describe('a node record', () => {
  it('counts only when a living heartbeat names it; until then the one before stays', () => {
    meet();
    const moved = alice.node({ sequence: 2 }, { host: 'moved.example.org' });
    hearNode(moved);
    expect(observer.member('alice')?.record?.host).toBe('alice.example.org');
    hear(beat({ record: digestOf(moved), seen: {} }));
    expect(observer.member('alice')?.record?.host).toBe('alice.example.org');
    hear(beat({ record: digestOf(moved) }));
    expect(observer.member('alice')?.record?.host).toBe('moved.example.org');
  });

  it('counts at once when the heartbeat that names it came first', () => {
    meet();
    const moved = alice.node({ sequence: 2 }, { host: 'moved.example.org' });
    hear(beat({ record: digestOf(moved) }));
    expect(observer.member('alice')).toMatchObject({ state: 'healthy', record: alice.nodeBody() });
    hearNode(moved);
    expect(observer.member('alice')?.record?.host).toBe('moved.example.org');
  });

  it('that no heartbeat names moves nothing, though it is authentic and in time', () => {
    meet();
    hearNode(alice.node({ sequence: 2 }, { host: 'moved.example.org' }));
    hear(beat({ record: digestOf(alice.node()) }));
    observer.look(1);
    expect(observer.member('alice')?.record?.host).toBe('alice.example.org');
  });
});

describe('a refused record', () => {
  /** What a page would show, as text. */
  const view = () => JSON.stringify(observer.table.members(observer.nowMs));

  it.each([
    [
      'a heartbeat without its body',
      () => without(fieldsOf(beat()), 'state'),
      'malformed',
      'Not the body of a heartbeat',
    ],
    [
      'a heartbeat with a state of its own',
      () => ({ ...fieldsOf(beat()), state: 'dead' }),
      'malformed',
      'Not the body of a heartbeat',
    ],
    [
      'an old sequence',
      () => ({ ...fieldsOf(beat()), _sequence: 0, state: 'left' }),
      'replayed',
      'Replayed: an older record than one already seen',
    ],
    [
      'another record under the last sequence',
      () => ({ ...fieldsOf(beat()), _sequence: 1, state: 'left' }),
      'clone',
      'Two different records under one sequence number',
    ],
    [
      'an earlier incarnation that speaks later',
      () => ({ ...fieldsOf(beat()), _incarnation: 1, _timestamp: NOW + 1, state: 'left' }),
      'clone',
      'An earlier incarnation is still speaking',
    ],
    [
      'a state from too long ago',
      () => ({ ...fieldsOf(beat()), _timestamp: NOW - 31, state: 'left' }),
      'timestamp_old',
      'Timestamp too old (31s > 30s)',
    ],
  ])('changes nothing: %s', (_, fields, code, reason) => {
    meet();
    const before = view();
    expect(hear(bytesOf(forge(fields(), alice, { type: 'heartbeat' })))).toEqual({ code, reason });
    observer.look();
    expect({ ...JSON.parse(view())[0], clockOffsetSeconds: 0, mark: null }).toEqual({
      ...JSON.parse(before)[0],
      mark: null,
    });
  });

  it('changes nothing: a node record without its body', () => {
    meet();
    const fields = { ...without(fieldsOf(alice.node({ sequence: 2 })), 'host') };
    expect(hearNode(bytesOf(forge(fields, alice)))).toEqual({
      code: 'malformed',
      reason: 'Not the body of a node record',
    });
    expect(observer.table.seen('alice', 'node')?.sequence).toBe(1);
    expect(observer.member('alice')?.record).toEqual(alice.nodeBody());
  });
});

describe('the row of a member', () => {
  it('that is missing is never a death', () => {
    meet();
    observer.table.notePresence('alice', false);
    observer.look(9000);
    expect(observer.state('alice')).toBe('unconfirmed');
    observer.table.notePresence('alice', true);
    hear(beat());
    expect(observer.state('alice')).toBe('healthy');
  });

  it('that is removed after its death does not make it less dead', () => {
    meet();
    observer.look(30);
    observer.table.notePresence('alice', false);
    observer.look(5);
    expect(observer.state('alice')).toBe('offline');
  });

  it('of nobody we know is nothing', () => {
    observer.table.notePresence('nobody', false);
    observer.look(60);
    expect(observer.table.nodeIds).toEqual([]);
  });
});

describe('a time in which we did not look', () => {
  it('is nobody’s silence: states are of the last look', () => {
    meet();
    observer.look(19);
    observer.nowSeconds += 9000;
    expect(observer.member('alice')).toMatchObject({ state: 'healthy', silentMs: 9_019_000 });
  });

  it('that was long gives everybody one timeout from the first look on', () => {
    meet();
    observer.look(25);
    observer.nowSeconds += 600;
    observer.table.sight(600_000, observer.nowMs);
    observer.look();
    expect(observer.state('alice')).toBe('late'); // silent for 25 s in which we could see
    observer.look(29);
    expect(observer.state('alice')).toBe('late');
    observer.look(1);
    expect(observer.state('alice')).toBe('offline');
  });

  it.each(['sight', 'overlook'] as const)(
    'again and again is left out only for one timeout, until the member advances (%s)',
    (how) => {
      const hide = () => {
        observer.nowSeconds += 15;
        observer.table[how](15_000, observer.nowMs);
        observer.look();
      };
      meet();
      const states = Array.from({ length: 5 }, () => {
        hide();
        return observer.state('alice');
      });
      expect(states[0]).toBe('healthy');
      expect(states.at(-1)).toBe('offline');
      hear(beat());
      hide();
      expect(observer.state('alice')).toBe('healthy');
    },
  );

  it('does not make healthy again who was silent for two intervals while we saw', () => {
    meet();
    for (let i = 0; i < 3; i += 1) {
      observer.look(9);
      observer.nowSeconds += 25;
      observer.table.sight(25_000, observer.nowMs);
      observer.look();
    }
    expect(observer.state('alice')).not.toBe('healthy');
  });

  it('is no excuse for who speaks with a wrong clock either', () => {
    meet();
    hear(beat({}, 600));
    hear(beat({}, 600));
    for (let i = 0; i < 3; i += 1) {
      observer.nowSeconds += 25;
      observer.table.sight(25_000, observer.nowMs);
      observer.look();
    }
    expect(observer.state('alice')).toBe('offline');
  });

  it('that was short stops the count and does not begin it anew, so that a flapping registry hides no death', () => {
    meet();
    observer.look(15);
    for (let i = 0; i < 3; i += 1) {
      observer.nowSeconds += 10;
      observer.table.overlook(10_000, observer.nowMs);
      observer.look();
      expect(observer.state('alice')).not.toBe('offline');
      observer.look(5);
    }
    expect(observer.state('alice')).toBe('offline');
  });

  it('that comes again before the next heartbeat is indulged again: who was heard in between is not dead', () => {
    meet();
    for (let i = 0; i < 3; i += 1) {
      observer.nowSeconds += 600;
      hear(beat());
      observer.table.sight(600_000, observer.nowMs);
      observer.look(5);
      observer.nowSeconds += 600;
      observer.table.sight(600_000, observer.nowMs);
      observer.look();
      expect(observer.state('alice')).toBe('healthy');
    }
  });

  it('does not wake the dead', () => {
    meet();
    observer.look(30);
    observer.nowSeconds += 600;
    observer.table.sight(600_000, observer.nowMs);
    observer.look();
    expect(observer.state('alice')).toBe('offline');
    observer.nowSeconds += 10;
    observer.table.overlook(10_000, observer.nowMs);
    observer.look();
    expect(observer.state('alice')).toBe('offline');
  });

  it('does not take back more than was missed: who spoke meanwhile is not ahead of us', () => {
    meet();
    observer.nowSeconds += 10;
    hear(beat());
    observer.table.overlook(10_000, observer.nowMs);
    observer.look();
    observer.look(30);
    expect(observer.state('alice')).toBe('offline');
  });
});

describe('a wrong clock', () => {
  it('shows as rejected from its second record on, with the reason, and heals by itself', () => {
    meet();
    hear(beat({}, 600));
    expect(observer.state('alice')).toBe('healthy');
    observer.look(10);
    expect(hear(beat({}, 600))).toEqual({
      code: 'timestamp_future',
      reason: 'Timestamp in future (600s > 5s)',
    });
    expect(observer.member('alice')).toMatchObject({
      state: 'rejected',
      refusal: { code: 'timestamp_future', reason: 'Timestamp in future (600s > 5s)' },
      clockOffsetSeconds: 600,
    });
    observer.look(10);
    hear(beat());
    expect(observer.member('alice')).toMatchObject({
      state: 'healthy',
      refusal: null,
      clockOffsetSeconds: 0,
    });
  });

  it('is no excuse for a death: who also falls silent is offline', () => {
    meet();
    for (let i = 0; i < 4; i += 1) {
      observer.look(10);
      hear(beat({}, -600));
    }
    observer.look(29);
    expect(observer.state('alice')).toBe('rejected');
    observer.look(1);
    expect(observer.state('alice')).toBe('offline');
  });

  it('is still known after a time in which we could not see', () => {
    meet();
    hear(beat({}, 600));
    hear(beat({}, 600));
    observer.look();
    observer.nowSeconds += 3000;
    observer.table.sight(3_000_000, observer.nowMs);
    observer.look();
    expect(observer.state('alice')).toBe('rejected');
  });

  it('leaves no records behind that live when their time has come', () => {
    meet();
    const postdated = Array.from({ length: 3 }, () => beat({}, 600));
    for (const bytes of postdated) hear(bytes);
    observer.look(60);
    observer.nowSeconds += 540;
    for (const bytes of postdated) {
      const taken = hear(bytes);
      expect(taken === 'taken').toBe(false);
    }
    observer.look(0);
    expect(observer.state('alice')).toBe('offline');
  });

  it('is not believed of somebody who never spoke to us: that may be a recording', () => {
    const recorded = [1, 2, 3].map((each) => alice.heartbeat({ timestamp: NOW - 60 + each, sequence: each }));
    hearNode(alice.node({ timestamp: NOW - 60 }));
    for (const bytes of recorded) expect(hear(bytes)).toMatchObject({ code: 'timestamp_old' });
    observer.look();
    expect(observer.state('alice')).toBe('unconfirmed');
    observer.look(30);
    expect(observer.state('alice')).toBe('not listed');
  });
});

describe('a ghost', () => {
  it('is who spoke only to an earlier run of ours: told once, and no longer listed', () => {
    hearNode(alice.node());
    hear(beat({ seen: { observer: 1 } }));
    expect(observer.look()).toEqual([]);
    expect(observer.state('alice')).toBe('unconfirmed');
    expect(observer.look(30)).toEqual(['alice']);
    expect(observer.look(30)).toEqual([]);
    expect(observer.state('alice')).toBe('not listed');
    expect(observer.table.nodeIds).toEqual(['alice']);
  });

  it('is nobody who goes on speaking, though never to us', () => {
    hearNode(alice.node());
    for (let i = 0; i < 20; i += 1) {
      hear(beat({ seen: {} }));
      expect(observer.look(10)).toEqual([]);
      expect(observer.state('alice')).toBe('unconfirmed');
    }
  });

  it('is listed again when it speaks to us', () => {
    hearNode(alice.node());
    hear(beat({ seen: {} }));
    observer.look(31);
    expect(hear(beat())).toBe('taken');
    expect(observer.state('alice')).toBe('healthy');
  });

  it('of whom there was only a node record is not told, it may not have started', () => {
    hearNode(alice.node());
    expect(observer.look(30)).toEqual([]);
    expect(observer.state('alice')).toBe('not listed');
  });
});

describe('a full table', () => {
  const crowd = (count: number) => {
    for (let i = 0; i < count; i += 1) {
      const nodeId = `n${i}`;
      expect(observer.hear('node', nodeId, new Signer(nodeId).node())).toBe('taken');
    }
  };
  const full = { code: 'not_member', reason: 'The cluster has 256 members already' };

  it('takes nobody more, and keeps who is in it', () => {
    meet();
    crowd(255);
    const bob = new Signer('bob');
    expect(observer.hear('node', 'bob', bob.node())).toEqual(full);
    expect(observer.table.nodeIds).toHaveLength(256);
    expect(observer.state('alice')).toBe('healthy');
  });

  it('gives the place of a ghost to who asks for it, and never that of a member', () => {
    meet();
    crowd(255);
    observer.look(30);
    const bob = new Signer('bob');
    expect(observer.hear('node', 'bob', bob.node({ timestamp: observer.nowSeconds }))).toBe('taken');
    expect(observer.table.nodeIds).toHaveLength(256);
    expect(observer.table.nodeIds).toContain('alice');
    expect(observer.state('alice')).toBe('offline');
  });
});

describe('at security level 1', () => {
  it('members have no key, and the rest is as ever', () => {
    alice = new Signer('alice', null);
    observer = new Observer(NOW, null);
    meet();
    expect(observer.member('alice')).toMatchObject({ state: 'healthy', keyId: null });
    expect(observer.table.standing('alice')).toEqual({ kind: 'stranger' });
    const stranger = new Signer('bob', null);
    expect(observer.hear('heartbeat', 'bob', stranger.heartbeat())).toEqual({
      code: 'not_member',
      reason: 'No node record vouches for this server',
    });
  });
});
