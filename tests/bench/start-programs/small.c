int one(void), two(void), three(void);

int main(void) { return one() + two() + three(); }
