/** What the service asks about users: the port to a user service. */
export interface Users {
  /** Whether `userId` may place orders. */
  mayOrder(userId: string): Promise<boolean>;
}
