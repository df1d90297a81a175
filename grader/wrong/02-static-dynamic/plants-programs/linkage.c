// SPDX-License-Identifier: MIT
/* Learns nothing: link.mk plants four programs that each know one word. */

int main(void)
{
	return 1;
}
