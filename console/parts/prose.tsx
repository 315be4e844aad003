/** Sentences of a server, with what it writes between backticks as code. */
import { Fragment } from 'react';

interface Piece {
  readonly from: number;
  readonly text: string;
  readonly isCode: boolean;
}

/** Each with the character at which it begins. */
function pieces(text: string): readonly Piece[] {
  let from = 0;
  return text.split('`').map((piece, index) => {
    const begun = from;
    from += piece.length + 1;
    return { from: begun, text: piece, isCode: index % 2 === 1 };
  });
}

export function Prose({ text }: { readonly text: string }) {
  return pieces(text).map(({ from, text: piece, isCode }) =>
    isCode ? <code key={from}>{piece}</code> : <Fragment key={from}>{piece}</Fragment>,
  );
}
