import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface Choice<Value extends string> {
  value: Value;
  label: ComponentChildren;
  /** For screen readers, where the label is a picture. */
  name?: string;
}

interface Props<Value extends string> {
  /** What is chosen here, for screen readers. */
  name: string;
  value: Value;
  choices: readonly Choice<Value>[];
  onChoose: (value: Value) => void;
}

/** A few choices of which one holds: radio buttons that look like a switch. Arrow keys go through them. */
export function Segmented<Value extends string>({ name, value, choices, onChoose }: Props<Value>) {
  const group = useId();
  return (
    <fieldset class="segmented">
      <legend class="unseen">{name}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={group}
            value={choice.value}
            checked={choice.value === value}
            aria-label={choice.name}
            onChange={() => onChoose(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
