/** Which image is to run in which container. */
import type { Act } from "../../../model.ts";
import type { Asked } from "./buttons.tsx";

export interface ImageFieldsProps {
  readonly ask: Asked;
  readonly act: Act;
  readonly change: (act: Act) => void;
}

export const ImageFields = ({ ask: { containers = [], images = [] }, act, change }: ImageFieldsProps) => (
  <div class="fields">
    {containers.length > 1 && (
      <label>
        Container
        <select
          value={act.container ?? ""}
          onChange={({ currentTarget: { value } }) => {
            const image = containers.find(({ name }) => name === value)?.image;
            change({ ...act, container: value, ...(image !== undefined && { image }) });
          }}
        >
          {containers.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    )}
    <label>
      Image of {act.container}
      <input
        type="text"
        value={act.image ?? ""}
        spellcheck={false}
        autocomplete="off"
        list="images-in-use"
        onInput={({ currentTarget }) => change({ ...act, image: currentTarget.value.trim() })}
      />
    </label>
    <datalist id="images-in-use">
      {images.map((image) => (
        <option key={image} value={image} />
      ))}
    </datalist>
  </div>
);
