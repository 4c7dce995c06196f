/** Takes what a view shows away: copied as text, or saved as a file. */

import { useSignal } from '@preact/signals';

export interface CopyForm {
  readonly label: string;
  /** Ending of the file; '' for what is copied. */
  readonly ending: string;
  /** Text, or a picture. */
  readonly make: () => string | Promise<Blob>;
}

export function CopyMenu({ name, forms }: { name: string; forms: readonly CopyForm[] }) {
  const said = useSignal('');
  const take = async ({ label, ending, make }: CopyForm) => {
    try {
      const made = await make();
      if (ending === '') {
        await navigator.clipboard.writeText(made as string);
        said.value = `copied as ${label}`;
      } else {
        save(`${name}.${ending}`, made instanceof Blob ? made : new Blob([made], { type: 'text/plain' }));
        said.value = `saved as ${name}.${ending}`;
      }
    } catch (error) {
      said.value = `not possible here: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  return (
    <fieldset class="copy">
      <legend>Take it with you</legend>
      {forms.map((form) => (
        <button type="button" key={form.label + form.ending} onClick={() => void take(form)}>
          {form.ending === '' ? `Copy ${form.label}` : form.label}
        </button>
      ))}
      <output>{said.value}</output>
    </fieldset>
  );
}

/** The browser's own way to save what a page has made. */
export function save(fileName: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName.replace(/[^\w.-]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
