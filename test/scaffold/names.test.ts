import { expect, test } from "vitest";
import { pluralize, toCamel, toKebab, toPascal, toSnake } from "../../src/scaffold/names.ts";

test.for([
  ["hello_world", "HelloWorld"],
  ["v2_kratos_dev", "V2KratosDev"],
  ["www_Google_com", "WwwGoogleCom"],
  ["order", "Order"],
])("%s in upper camel is %s, as in Kratos", ([name, expected]) => {
  expect(toPascal(name ?? "")).toBe(expected);
});

test.for([
  ["OrderItem", "orderItem", "order_item", "order-item"],
  ["HTTPProxy", "httpProxy", "http_proxy", "http-proxy"],
  ["V2Order", "v2Order", "v2_order", "v2-order"],
  ["order", "order", "order", "order"],
] as const)("splits %s into words", ([name, camel, snake, kebab]) => {
  expect([toCamel(name), toSnake(name), toKebab(name)]).toEqual([camel, snake, kebab]);
});

test.for([
  ["order", "orders"],
  ["category", "categories"],
  ["key", "keys"],
  ["box", "boxes"],
  ["status", "statuses"],
  ["order_item", "order_items"],
  ["person", "people"],
  ["metadata", "metadata"],
])("the plural of %s is %s", ([one, many]) => {
  expect(pluralize(one ?? "")).toBe(many);
});
