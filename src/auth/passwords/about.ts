/** What a guesser would try of somebody whose email they know. */
export const aboutEmail = (email: string): readonly string[] => [email, email.split('@')[0] ?? ''];
