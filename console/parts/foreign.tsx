/**
 * Text that somebody else chose: names of machines and nodes, addresses, reasons. Shown unchanged and inert: React
 * escapes it, <bdi> keeps its writing direction from reordering what stands around it, and it may wrap anywhere.
 */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi className="at-foreign">{text}</bdi>;
}
