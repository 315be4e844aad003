/** One of a few, each with what it means: radio buttons that look like cards. */
import { useId } from 'react';

interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly meaning: string;
}

interface ChoiceCardsProps<Value extends string> {
  readonly legend: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

export function ChoiceCards<Value extends string>(props: ChoiceCardsProps<Value>) {
  const { legend, choices, chosen, onChoose } = props;
  const id = useId();
  return (
    <fieldset className="at-choices">
      <legend>{legend}</legend>
      {choices.map(({ value, label, meaning }) => (
        <label key={value} className="at-choice">
          <input
            type="radio"
            name={id}
            checked={value === chosen}
            onChange={() => onChoose(value)}
            aria-labelledby={`${id}-${value}`}
            aria-describedby={`${id}-${value}-meaning`}
          />
          <span>
            <strong id={`${id}-${value}`}>{label}</strong>
            <span id={`${id}-${value}-meaning`} className="at-under">
              {meaning}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
