/** A name of browsers that the declarations of Connect use, and that Node's leave out. */
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
