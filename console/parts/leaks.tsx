/** If this leaks: what its holder can do and cannot, and the commands to recover, with the real names in them. */
import { useEffect, useRef } from 'react';
import type { BlastRadius } from '../api.ts';
import { Copyable } from './copyable.tsx';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { Sentences } from './sentences.tsx';

function Titled({ title, sentences }: { readonly title: string; readonly sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <Sentences sentences={sentences} />
    </>
  );
}

function Leak({ leak }: { readonly leak: BlastRadius }) {
  return (
    <details className="at-words">
      <summary>
        <Glyph name="fold" size={14} />
        <Foreign text={leak.leaked} />
      </summary>
      <Titled title="The holder can" sentences={leak.can} />
      <Titled title="The holder cannot" sentences={leak.cannot} />
      {leak.recover.length > 0 && <h4>To recover, run</h4>}
      {leak.recover.map(({ why, command }) => (
        <div key={command} className="at-recover">
          <p className="at-muted">{why}:</p>
          <Copyable text={command} label={why} />
        </div>
      ))}
      {leak.not_yet && <p>{leak.not_yet}</p>}
    </details>
  );
}

const ID = 'leaks';

export function Leaks({ leaks }: { readonly leaks: readonly BlastRadius[] }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Whoever followed a link from another page came before the list was there.
    if (window.location.hash === `#${ID}`) list.current?.scrollIntoView();
  }, []);
  return (
    <div ref={list} className="at-leaks" id={ID}>
      <h3>If something leaks</h3>
      {leaks.map((leak) => (
        <Leak key={leak.code} leak={leak} />
      ))}
    </div>
  );
}
