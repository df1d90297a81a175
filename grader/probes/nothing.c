// SPDX-License-Identifier: MIT
/* Does nothing: whether a program with these flags starts at all. */

int main(void)
{
	return 0;
}
