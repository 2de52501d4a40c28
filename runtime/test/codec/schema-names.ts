import fc from "fast-check";

/** Names that are legal in a .proto file and that JavaScript, or compiled code, could stumble over. */
const HOSTILE = [
  ..."constructor __proto__ prototype to_string toString valueOf value_of to_json toJSON".split(
    " ",
  ),
  ..."hasOwnProperty has_own_property isPrototypeOf toLocaleString __defineGetter__".split(" "),
  ..."propertyIsEnumerable __lookupSetter__ class default function let arguments eval".split(" "),
  ..."await yield this null undefined NaN true length name message depth reader writer".split(" "),
  ..."end existing tag v item text i key json local0 group0 case value kind type_name then".split(
    " ",
  ),
  ..."_a a__b A b trailing_ x1 _1 __ get set size fork list start other1 names last".split(" "),
];

/** Any name of a field or oneof. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/),
);

/** What messages call it: two fields of a message must not share it. */
export function localNameOf(name: string): string {
  const camel = name.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase());
  return ["constructor", "toString", "toJSON", "valueOf"].includes(camel) ? `${camel}$` : camel;
}
