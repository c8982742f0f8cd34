/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: mm/shmem.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct vm_area_struct;
struct address_space;
int shmem_zero_setup(struct vm_area_struct *);
bool shmem_mapping(struct address_space *);
