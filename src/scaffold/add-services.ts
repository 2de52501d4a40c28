import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ServiceFacts } from "../model/service-facts.ts";
import type { ProtoServices } from "./proto-services.ts";
import { planRegistration } from "./register-classes.ts";
import type { FileEdit } from "./register-classes.ts";
import { replaceFile } from "./replace-file.ts";
import { findOrPrintClass } from "./service-class.ts";
import type { ServiceClass } from "./service-class.ts";
import { addFiles } from "./write-project.ts";

/** What came of {@link addServices}. */
export interface AddedServices {
  readonly classes: readonly ServiceClass[];
  /** The files in which services are registered; empty in a project of another layout. */
  readonly registrations: readonly FileEdit[];
}

/** Where services go. Folders are absolute. */
export interface AddServicesOptions {
  readonly root: string;
  /** Made when it does not exist. */
  readonly folder: string;
  readonly proto: ProtoServices;
}

/**
 * Writes a class for each service that has none yet and registers all of them. Everything is worked out
 * before anything is written. Throws FILE_EXISTS, SOURCE_INVALID, WRITE_FAILED.
 */
export async function addServices(
  services: readonly ServiceFacts[],
  { root, folder, proto }: AddServicesOptions,
): Promise<AddedServices> {
  const classes: ServiceClass[] = [];
  for (const service of services) {
    const taken = new Set(classes.map(({ path }) => path));
    classes.push(await findOrPrintClass(service, folder, proto, taken));
  }
  const registrations = await planRegistration(folder, root, classes, proto);

  const created = classes.flatMap(({ path, text }) =>
    text === undefined ? [] : [{ path: basename(path), content: text, executable: false }],
  );
  if (created.length > 0) await addFiles(folder, created);
  await replaceAll(registrations).catch(async (error: unknown) => {
    for (const { path } of created) await rm(join(folder, path), { force: true });
    throw error;
  });
  return { classes, registrations };
}

/** Writes all edits, or puts back what it has written. */
async function replaceAll(edits: readonly FileEdit[]): Promise<void> {
  const replaced: FileEdit[] = [];
  try {
    for (const edit of edits) {
      if (edit.text === undefined) continue;
      await replaceFile(edit.path, edit.text);
      replaced.push(edit);
    }
  } catch (error) {
    for (const { path, original } of replaced) await replaceFile(path, original);
    throw error;
  }
}
