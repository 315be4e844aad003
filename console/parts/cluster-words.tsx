/** The words of the cluster page, for who does not work with clusters every day. */
import type { HealthCheck } from '../api.ts';
import { span } from '../quantities.ts';
import { Glyph } from './glyph.tsx';

export function ClusterWords({ health }: { readonly health: HealthCheck }) {
  const beat = span(health.heartbeat_interval_seconds);
  const words: readonly (readonly [string, string])[] = [
    ['Node', 'One Atlas Fleet server of the cluster. No node is the leader: each one can do everything.'],
    ['Heartbeat', `The signed record by which a node says every ${beat} that it lives.`],
    [
      'Backend',
      'Where the nodes put their records for one another: Redis, or a folder on one machine. Reports of Macs never lie there, so that losing it loses none.',
    ],
    ['Healthy', 'Its heartbeats come in time, and their signatures are right.'],
    ['Late', 'Two heartbeats are missing. Often a busy machine or network; wait a moment.'],
    [
      'Offline',
      `No heartbeat for ${span(health.node_timeout_seconds)}. The load balancer sends the Macs to the others.`,
    ],
    ['Draining', 'It is being stopped in an orderly way and takes no new work.'],
    ['Left', 'It said goodbye, signed. It is not missed.'],
    ['Unconfirmed', 'A record was found, but not yet a second, newer one: it may be an old copy.'],
    ['Rejected', 'Its records are not believed. The column Signature says why.'],
    ['Evicted', 'An administrator has shut it out of this cluster.'],
    [
      'Signature',
      'Proof, made with the cluster secret, that a record comes from a node and was not changed.',
    ],
    [
      'Replay protection',
      'An old record that somebody copied is recognised and refused, even with a right signature.',
    ],
    ['Clock offset', 'How far the node’s clock is from this server’s. A few seconds do no harm.'],
    [
      'Write probe',
      'A value that this server writes to the backend and reads back, to see that it really works.',
    ],
    ['Key id', 'A short name of the secret that signs. During a rotation two of them may be seen.'],
  ];
  return (
    <details className="at-panel at-words">
      <summary>
        <Glyph name="fold" size={14} />
        What these words mean
      </summary>
      <dl>
        {words.map(([word, meaning]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>
        A cluster needs no domain and no primary server. A load balancer, or the agents themselves, send
        reports to any healthy node; when one stops, the others carry on.
      </p>
    </details>
  );
}
