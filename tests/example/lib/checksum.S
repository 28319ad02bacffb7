/* uint64_t heat_checksum(const void* data, size_t n): FNV-1a, a byte at a time. System V x86-64 calling convention. */
#if defined(__x86_64__)
    .text
    .globl  heat_checksum
    .type   heat_checksum, @function
    .p2align 4
heat_checksum:
    .cfi_startproc
    movabsq $0xcbf29ce484222325, %rax
    movabsq $0x100000001b3, %rdx
    testq   %rsi, %rsi
    je      2f
    addq    %rdi, %rsi
1:
    movzbl  (%rdi), %ecx
    xorq    %rcx, %rax
    imulq   %rdx, %rax
    incq    %rdi
    cmpq    %rsi, %rdi
    jne     1b
2:
    ret
    .cfi_endproc
    .size   heat_checksum, . - heat_checksum
#endif
    .section .note.GNU-stack, "", @progbits
