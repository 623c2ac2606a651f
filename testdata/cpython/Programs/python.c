/* The executable. */
int main(void) { return 0; }
