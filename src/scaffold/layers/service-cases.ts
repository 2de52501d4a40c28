import type { MethodFacts } from "../../model/service-facts.ts";
import { toColumn } from "./columns.ts";
import type { Resource } from "./resource.ts";
import type { ContentPlace, ReplyPlace, StandardMethod } from "./standard-methods.ts";

/** Tests of the methods that a use case does, each whole; `client` answers them. None without a way to make one. */
export function printServiceCases(
  standard: ReadonlyMap<MethodFacts, StandardMethod>,
  resource: Resource,
): string[] {
  const { type, one, id, constant } = resource;
  const find = <D extends StandardMethod["does"]>(
    does: D,
  ): { name: string; standard: StandardMethod & { does: D } } | undefined => {
    for (const [{ localName }, each] of standard) {
      if (isKind(each, does)) return { name: localName, standard: each };
    }
    return undefined;
  };
  const start = `const client = await start${type}();`;
  const create = find("create");
  const get = find("get");
  const list = find("list");
  const update = find("update");
  const remove = find("delete");
  const cases: string[] = [];
  if (get !== undefined) {
    cases.push(`test("does not know what was never made", async () => { ${start}

      await expect(client.${get.name}({ ${get.standard.id}: "none" })).rejects.toMatchObject({ code: 404, reason: "${constant}_NOT_FOUND" }); });`);
  }
  if (create === undefined) return cases;
  const made = `const made = (await client.${create.name}(${request(create.standard.from, resource, 0)}))${take(create.standard.reply)};`;
  const key = `made?.${id.name} ?? ""`;
  if (get !== undefined) {
    cases.push(`test("gives back what was made", async () => { ${start}

      ${made}
      const ${one} = (await client.${get.name}({ ${get.standard.id}: ${key} }))${take(get.standard.reply)};

      expect(${one}).toEqual(made);
      expect(${one}).toMatchObject(${fields(resource, 0)}); });`);
  }
  if (update !== undefined) {
    const own = update.standard.from.field === undefined;
    const changes = own
      ? `{ ${update.standard.id}: ${key}, ${values(resource, 1)} }`
      : `{ ${update.standard.from.field}: { ${update.standard.id}: ${key}, ${values(resource, 1)} } }`;
    cases.push(`test("changes one", async () => { ${start}
      ${made}

      const changed = (await client.${update.name}(${changes}))${take(update.standard.reply)};

      expect(changed).toMatchObject({ ${id.name}: made?.${id.name}, ${values(resource, 1)} }); });`);
  }
  if (list !== undefined) {
    cases.push(`test("lists what was made", async () => { ${start}
      ${made}

      const page = await client.${list.name}({});

      expect(page.${list.standard.items}).toEqual([made]);
      expect(page.${list.standard.next}).toBe(""); });`);
  }
  if (remove !== undefined) {
    cases.push(`test("removes one, once", async () => { ${start}
      ${made}

      await client.${remove.name}({ ${remove.standard.id}: ${key} });

      await expect(client.${remove.name}({ ${remove.standard.id}: ${key} })).rejects.toMatchObject({ code: 404 }); });`);
  }
  return cases;
}

function isKind<D extends StandardMethod["does"]>(
  standard: StandardMethod,
  does: D,
): standard is StandardMethod & { does: D } {
  return standard.does === does;
}

function take({ field }: ReplyPlace): string {
  return field === undefined ? "" : `.${field}`;
}

function request({ field }: ContentPlace, resource: Resource, sample: 0 | 1): string {
  const content = fields(resource, sample);
  return field === undefined ? content : `{ ${field}: ${content} }`;
}

/** The content as a request has it, with one sample or the other. Times are left out: a request has them as messages. */
function fields(resource: Resource, sample: 0 | 1): string {
  return `{ ${values(resource, sample)} }`;
}

function values({ content, one }: Resource, sample: 0 | 1): string {
  return content
    .filter(({ kind }) => kind !== "time")
    .map((property) => {
      const { name, first, second } = toColumn(property, one);
      return `${name}: ${sample === 0 ? first : second}`;
    })
    .join(", ");
}
