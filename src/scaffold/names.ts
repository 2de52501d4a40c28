/** `order_item`, `orderItem` and `order-item` have the words order and item. */
export function splitWords(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .split(/[_.-]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

/** `order_item` → `OrderItem`. Inside a word the case is kept, as Kratos does: `www_Google_com` → `WwwGoogleCom`. */
export function toPascal(name: string): string {
  return name
    .split(/[_-]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** `OrderItem` → `orderItem`. */
export function toCamel(name: string): string {
  const [first = "", ...rest] = splitWords(name);
  return first + rest.map(toPascal).join("");
}

/** `OrderItem` → `order_item`. */
export function toSnake(name: string): string {
  return splitWords(name).join("_");
}

/** `OrderItem` → `order-item`. */
export function toKebab(name: string): string {
  return splitWords(name).join("-");
}

const irregular = new Map([
  ["child", "children"],
  ["datum", "data"],
  ["foot", "feet"],
  ["index", "indexes"],
  ["man", "men"],
  ["mouse", "mice"],
  ["person", "people"],
  ["woman", "women"],
]);

/** Words that mean many already, or cannot. */
const uncountable = /(data|equipment|info|information|media|money|news|series|software|staff)$/;

/** The plural of the last word of a snake-case name: `order_item` → `order_items`. Rules of thumb, for templates. */
export function pluralize(name: string): string {
  const words = name.split("_");
  const last = words.pop() ?? "";
  return [...words, pluralizeWord(last)].join("_");
}

function pluralizeWord(word: string): string {
  const special = irregular.get(word);
  if (special !== undefined) return special;
  if (uncountable.test(word)) return word;
  if (/[^aeiou]y$/.test(word)) return word.replace(/y$/, "ies");
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return `${word}s`;
}
