! Prints a sum: waves stencil|solve|multiply REPETITIONS
program main
  use medium
  implicit none
  integer, parameter :: n = 160
  character(len=16) :: name, number
  integer :: repetitions, i, j, k
  real(dp) :: total
  real(dp), allocatable :: a(:,:), b(:,:), c(:,:)
  type(field) :: waves
  call get_command_argument(1, name)
  call get_command_argument(2, number)
  read (number, *) repetitions
  allocate(a(n,n), b(n,n), c(n,n))
  call make(waves, n)
  c = 0
  total = 0
  do k = 1, repetitions
    do j = 1, n
      do i = 1, n
        a(i,j) = weight(i, j + mod(k, 3))
      end do
      a(j,j) = a(j,j) + 2
    end do
    b = a
    if (name == 'stencil') then
      call step(waves, c)
    else if (name == 'solve') then
      call solve(a, b(:,1), n)
    else
      call multiply(a, b, c, n)
    end if
    total = total + sum(b(:,1)) + c(3,3)
  end do
  print '(es16.8)', total
end program
