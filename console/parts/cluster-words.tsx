/** The words of the cluster page, for who does not work with clusters every day; as docs/glossary.md has them. */
import type { HealthCheck } from '../api.ts';
import { span } from '../quantities.ts';
import { Glyph } from './glyph.tsx';

export function ClusterWords({ health }: { readonly health: HealthCheck }) {
  const beat = span(health.heartbeat_interval_seconds);
  const words: readonly (readonly [string, string])[] = [
    ['Node', 'One Atlas Fleet server of the cluster. No node is the leader: each one can do everything.'],
    [
      'Backend, registry',
      'Where the nodes leave their records for one another: in this version a folder that all of them share. Reports of Macs never lie there.',
    ],
    ['Slot', 'The place of one record in the registry. A node writes only its own two.'],
    ['Heartbeat', `The signed record by which a node says every ${beat} that it lives.`],
    ['Healthy', 'Its heartbeats come in time, and they name this server.'],
    ['Late', 'Silent for two intervals. Often a busy machine or network; wait a moment.'],
    [
      'Offline',
      `Silent for ${span(health.node_timeout_seconds)}. Agents try the next server by themselves, and keep reports on disk meanwhile.`,
    ],
    ['Draining', 'It is stopping in good order and takes no new traffic.'],
    ['Left', 'It stopped in good order and said so, signed. It is not missed.'],
    ['Unconfirmed', 'Its record is authentic, but it has not named this server yet (right after a start).'],
    ['Rejected', 'It is alive, but its clock is outside the window. It heals when its clock is set.'],
    ['Rejected record', 'A record that was not believed. Its code and sentence say why.'],
    [
      'Signature',
      'Proof, made with the cluster secret, that a record comes from a server of this cluster and was not changed.',
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
    ['Key id', 'The public name of the cluster secret that a node signs with.'],
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
        A cluster needs no domain and no primary server. Agents know the addresses of several servers and send
        to the next one when one does not answer.
      </p>
    </details>
  );
}
