; of 8b669c3bf6f561177e96b062574c108b8b67521da080653cd7b7300855b4c44a, by packaging/ray_code.py

define noundef i32 @rays_launch(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, ptr %arg.wall.0, ptr readnone %arg.wall.1, i64 %arg.wall.2, i64 %arg.wall.3, ptr readonly %arg.wall.4, i64 %arg.wall.5.0, i64 %arg.wall.5.1, i64 %arg.wall.5.2, i64 %arg.wall.6.0, i64 %arg.wall.6.1, i64 %arg.wall.6.2, ptr %arg.lines.0, ptr readnone %arg.lines.1, i64 %arg.lines.2, i64 %arg.lines.3, ptr readonly %arg.lines.4, i64 %arg.lines.5.0, i64 %arg.lines.5.1, i64 %arg.lines.6.0, i64 %arg.lines.6.1, ptr %arg.sources.0, ptr readnone %arg.sources.1, i64 %arg.sources.2, i64 %arg.sources.3, ptr readonly %arg.sources.4, i64 %arg.sources.5.0, i64 %arg.sources.5.1, i64 %arg.sources.6.0, i64 %arg.sources.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, i64 %arg.azimuths, i64 %arg.bent, i64 %arg.most, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.stack.0, ptr readnone %arg.stack.1, i64 %arg.stack.2, i64 %arg.stack.3, ptr %arg.stack.4, i64 %arg.stack.5.0, i64 %arg.stack.5.1, i64 %arg.stack.6.0, i64 %arg.stack.6.1, ptr %arg.pattern.0, ptr readnone %arg.pattern.1, i64 %arg.pattern.2, i64 %arg.pattern.3, ptr readonly %arg.pattern.4, i64 %arg.pattern.5.0, i64 %arg.pattern.5.1, i64 %arg.pattern.6.0, i64 %arg.pattern.6.1, ptr %arg.walls.0, ptr readnone %arg.walls.1, i64 %arg.walls.2, i64 %arg.walls.3, ptr readonly %arg.walls.4, i64 %arg.walls.5.0, i64 %arg.walls.5.1, i64 %arg.walls.6.0, i64 %arg.walls.6.1, ptr %arg.ground.0, ptr readnone %arg.ground.1, i64 %arg.ground.2, i64 %arg.ground.3, ptr readonly %arg.ground.4, i64 %arg.ground.5.0, i64 %arg.ground.6.0, ptr %arg.crown.0, ptr readnone %arg.crown.1, i64 %arg.crown.2, i64 %arg.crown.3, ptr readonly %arg.crown.4, i64 %arg.crown.5.0, i64 %arg.crown.5.1, i64 %arg.crown.6.0, i64 %arg.crown.6.1, double %arg.gamma, double %arg.limit, ptr %arg.trail.0, ptr readnone %arg.trail.1, i64 %arg.trail.2, i64 %arg.trail.3, ptr %arg.trail.4, i64 %arg.trail.5.0, i64 %arg.trail.5.1, i64 %arg.trail.6.0, i64 %arg.trail.6.1, ptr %arg.into.0, ptr readnone %arg.into.1, i64 %arg.into.2, i64 %arg.into.3, ptr %arg.into.4, i64 %arg.into.5.0, i64 %arg.into.5.1, i64 %arg.into.5.2, i64 %arg.into.6.0, i64 %arg.into.6.1, i64 %arg.into.6.2, ptr %arg.ledger.0, ptr readnone %arg.ledger.1, i64 %arg.ledger.2, i64 %arg.ledger.3, ptr %arg.ledger.4, i64 %arg.ledger.5.0, i64 %arg.ledger.5.1, i64 %arg.ledger.6.0, i64 %arg.ledger.6.1) local_unnamed_addr {
B0.else.if:
  %.331 = add nsw i64 %arg.into.5.0, -6
  %.350 = sdiv i64 %.331, 3
  %.351 = srem i64 %.331, 3
  %.351.lobit = ashr i64 %.351, 63
  %.339.1 = add nsw i64 %.351.lobit, %.350
  %.435 = fsub nsz contract double %arg.receiver_m, %arg.tz
  %.439 = tail call nsz contract double @llvm.fabs.f64(double %.435)
  %.440 = fcmp nsz contract olt double %.439, 1.000000e-03
  %rise.2.0 = select i1 %.440, double -1.000000e-03, double %.435
  %.488 = mul nsw i64 %arg.bent, %arg.sources.5.0
  %.490 = add nsw i64 %.488, %arg.azimuths
  %.5734321.not = icmp slt i64 %.490, 1
  br i1 %.5734321.not, label %common.ret, label %B304.lr.ph

B304.lr.ph:                                       ; preds = %B0.else.if
  %const = bitcast i64 9223372036854775804 to i64
  %.447 = fadd nsz contract double %arg.tz, %arg.receiver_m
  %.9883061 = sitofp i64 %arg.bent to double
  %.9843045 = uitofp nneg i64 %arg.bent to double
  %.9853046 = fadd nsz contract double %.9843045, 5.000000e-01
  %.9863047 = fmul nsz contract double %.9853046, 0x401921FB54442D18
  %.1407 = sitofp i64 %arg.pattern.5.0 to double
  %.1470 = sitofp i64 %arg.azimuths to double
  %.778 = fcmp nsz contract olt double %rise.2.0, 0.000000e+00
  %"$phi466.4.2.1" = select i1 %.778, double 0xBE7AD7F29ABCAF48, double 1.000000e+04
  %.idx3127 = shl i64 %arg.stack.5.1, 12
  %0 = getelementptr i8, ptr %arg.stack.4, i64 %.idx3127
  %.idx3126 = shl i64 %arg.trail.5.1, 12
  %1 = getelementptr i8, ptr %arg.trail.4, i64 %.idx3126
  %.3695 = sitofp i64 %.339.1 to double
  %invariant.gep3673 = getelementptr double, ptr %arg.walls.4, i64 %arg.ground.5.0
  %.4909 = fneg nsz contract double %.447
  %.4966 = add nsw i64 %arg.ground.5.0, -1
  %.4967 = sitofp i64 %.4966 to double
  %.5343 = mul nsw i64 %.339.1, 3
  %.5483 = add nsw i64 %.5343, 4
  %.5691 = mul i64 %arg.into.5.2, %arg.into.5.1
  %.6069 = shl nsw i64 %.339.1, 1
  %.7724 = mul i64 %arg.wall.5.2, %arg.wall.5.1
  %.8827 = add nsw i64 %arg.walls.5.0, -1
  %.8828 = sitofp i64 %.8827 to double
  %.8887 = icmp slt i64 %arg.ground.5.0, 0
  %.8888 = select i1 %.8887, i64 %arg.walls.5.1, i64 0
  %invariant.gep4001 = getelementptr double, ptr %invariant.gep3673, i64 %.8888
  %.5070 = fmul nsz contract double %rise.2.0, %rise.2.0
  %.5070.1 = fmul nsz contract double %.447, %.447
  %2 = add nuw nsw i64 %.idx3127, 88
  %scevgep = getelementptr i8, ptr %arg.stack.4, i64 %2
  %scevgep1389 = getelementptr i8, ptr %arg.stack.4, i64 88
  %3 = shl i64 %arg.stack.5.1, 3
  %4 = add nuw nsw i64 %.idx3127, 72
  %scevgep1394 = getelementptr i8, ptr %arg.stack.4, i64 %4
  %scevgep1396 = getelementptr i8, ptr %arg.stack.4, i64 72
  %5 = shl i64 %arg.stack.5.1, 3
  %6 = add nuw nsw i64 %.idx3127, 96
  %scevgep1399 = getelementptr i8, ptr %arg.stack.4, i64 %6
  %scevgep1407 = getelementptr i8, ptr %arg.stack.4, i64 96
  %7 = shl i64 %arg.stack.5.1, 3
  %8 = add nuw nsw i64 %.idx3126, 16
  %scevgep1416 = getelementptr i8, ptr %arg.trail.4, i64 %8
  %scevgep1420 = getelementptr i8, ptr %arg.trail.4, i64 16
  %9 = shl i64 %arg.trail.5.1, 3
  %10 = add nuw nsw i64 %.idx3126, 24
  %scevgep1429 = getelementptr i8, ptr %arg.trail.4, i64 %10
  %scevgep1437 = getelementptr i8, ptr %arg.trail.4, i64 24
  %11 = shl i64 %arg.trail.5.1, 3
  %12 = add nuw nsw i64 %.idx3127, 80
  %scevgep1446 = getelementptr i8, ptr %arg.stack.4, i64 %12
  %13 = add nuw nsw i64 %.idx3126, 24
  %scevgep1450 = getelementptr i8, ptr %arg.trail.4, i64 %13
  %14 = add nuw nsw i64 %.idx3127, 80
  %scevgep1455 = getelementptr i8, ptr %arg.stack.4, i64 %14
  %scevgep1465 = getelementptr i8, ptr %arg.stack.4, i64 88
  %15 = shl i64 %arg.stack.5.1, 3
  %16 = add nuw nsw i64 %.idx3127, 88
  %scevgep1470 = getelementptr i8, ptr %arg.stack.4, i64 %16
  %scevgep1474 = getelementptr i8, ptr %arg.stack.4, i64 72
  %17 = shl i64 %arg.stack.5.1, 3
  %18 = add nuw nsw i64 %.idx3127, 72
  %scevgep1477 = getelementptr i8, ptr %arg.stack.4, i64 %18
  %scevgep1481 = getelementptr i8, ptr %arg.stack.4, i64 96
  %19 = shl i64 %arg.stack.5.1, 3
  %20 = add nuw nsw i64 %.idx3127, 96
  %scevgep1490 = getelementptr i8, ptr %arg.stack.4, i64 %20
  %scevgep1498 = getelementptr i8, ptr %arg.trail.4, i64 16
  %21 = shl i64 %arg.trail.5.1, 3
  %22 = add nuw nsw i64 %.idx3126, 16
  %scevgep1503 = getelementptr i8, ptr %arg.trail.4, i64 %22
  %scevgep1511 = getelementptr i8, ptr %arg.trail.4, i64 24
  %23 = shl i64 %arg.trail.5.1, 3
  br label %B304

B302.loopexit:                                    ; preds = %B6928
  %exitcond899.not = icmp eq i64 %.586, %.490
  br i1 %exitcond899.not, label %common.ret, label %B304

B304:                                             ; preds = %B302.loopexit, %B304.lr.ph
  %.514.0 = phi i64 [ 0, %B304.lr.ph ], [ %.586, %B302.loopexit ]
  %.586 = add nuw nsw i64 %.514.0, 1
  %.616.not = icmp slt i64 %.514.0, %arg.azimuths
  br i1 %.616.not, label %B350, label %B318

B318:                                             ; preds = %B304
  %24 = icmp eq i64 %arg.bent, 0
  br i1 %24, label %B482.thread, label %B318.else.if

B482.thread:                                      ; preds = %B318
  %sunkaddr = getelementptr i8, ptr %arg.sources.4, i64 40
  %.9375612 = load double, ptr %sunkaddr, align 8
  br label %B482.endif.endif.endif.endif

B350:                                             ; preds = %143, %B304
  %"$phi336.1.2.12913" = phi i64 [ %.629.1, %143 ], [ -1, %B304 ]
  %25 = icmp ne i64 %arg.azimuths, -1
  %26 = icmp ne i64 %arg.azimuths, 0
  %.679 = uitofp nneg i64 %.514.0 to double
  %.680 = fadd nsz contract double %.679, 5.000000e-01
  %.681 = fmul nsz contract double %.680, 0x401921FB54442D18
  %.687 = fdiv nsz contract double %.681, %.1470
  %.729 = mul nsw i64 %.514.0, %arg.pattern.5.0
  %const_mat1527 = add i64 %const, 4
  %.746 = icmp ne i64 %.729, %const_mat1527
  %.748.not = or i1 %25, %.746
  %or.cond4325 = select i1 %26, i1 %.748.not, i1 false
  br i1 %or.cond4325, label %B350.endif.else.if, label %B896

B896:                                             ; preds = %B482.endif.endif.endif.endif.endif, %159, %B350
  %"$phi336.1.2.12912" = phi i64 [ %quot.1.029175613, %B482.endif.endif.endif.endif.endif ], [ %"$phi336.1.2.12913", %159 ], [ %"$phi336.1.2.12913", %B350 ]
  %angle.3.1 = phi double [ %.992, %B482.endif.endif.endif.endif.endif ], [ %.687, %159 ], [ %.687, %B350 ]
  %since.2.1 = phi double [ %.1159, %B482.endif.endif.endif.endif.endif ], [ 0.000000e+00, %159 ], [ 0.000000e+00, %B350 ]
  %bend.2.1 = phi double [ %.1385, %B482.endif.endif.endif.endif.endif ], [ 0.000000e+00, %159 ], [ 0.000000e+00, %B350 ]
  %wide.2.1 = phi double [ %.1475, %B482.endif.endif.endif.endif.endif ], [ 1.000000e+00, %159 ], [ 1.000000e+00, %B350 ]
  %book.2.1 = phi i64 [ %arg.ledger.5.1, %B482.endif.endif.endif.endif.endif ], [ 0, %159 ], [ 0, %B350 ]
  %seen.2.1 = phi i64 [ %rem.4.0, %B482.endif.endif.endif.endif.endif ], [ %spec.select3114, %159 ], [ 0, %B350 ]
  %x.3.1 = phi double [ %.1049, %B482.endif.endif.endif.endif.endif ], [ %arg.tx, %159 ], [ %arg.tx, %B350 ]
  %y.3.1 = phi double [ %.1104, %B482.endif.endif.endif.endif.endif ], [ %arg.ty, %159 ], [ %arg.ty, %B350 ]
  %low.5.1 = phi double [ %.1214, %B482.endif.endif.endif.endif.endif ], [ -1.000000e+04, %159 ], [ -1.000000e+04, %B350 ]
  %high.3.1 = phi double [ %.1269, %B482.endif.endif.endif.endif.endif ], [ %"$phi466.4.2.1", %159 ], [ %"$phi466.4.2.1", %B350 ]
  %27 = icmp sgt i64 %arg.crown.5.0, 0
  store double %x.3.1, ptr %arg.stack.4, align 8
  %sunkaddr1531 = getelementptr i8, ptr %arg.stack.4, i64 8
  store double %y.3.1, ptr %sunkaddr1531, align 8
  %sunkaddr1532 = getelementptr i8, ptr %arg.stack.4, i64 16
  store double %angle.3.1, ptr %sunkaddr1532, align 8
  %sunkaddr1533 = getelementptr i8, ptr %arg.stack.4, i64 24
  store double %since.2.1, ptr %sunkaddr1533, align 8
  %sunkaddr1534 = getelementptr i8, ptr %arg.stack.4, i64 32
  store double %low.5.1, ptr %sunkaddr1534, align 8
  %sunkaddr1535 = getelementptr i8, ptr %arg.stack.4, i64 40
  store double %high.3.1, ptr %sunkaddr1535, align 8
  %sunkaddr1536 = getelementptr i8, ptr %arg.stack.4, i64 48
  store double 1.000000e+00, ptr %sunkaddr1536, align 8
  %sunkaddr1537 = getelementptr i8, ptr %arg.stack.4, i64 56
  store double 0.000000e+00, ptr %sunkaddr1537, align 8
  %sunkaddr1538 = getelementptr i8, ptr %arg.stack.4, i64 64
  store double -1.000000e+00, ptr %sunkaddr1538, align 8
  store double 0.000000e+00, ptr %arg.trail.4, align 8
  %.2098 = icmp sgt i64 %"$phi336.1.2.12912", -1
  %or.cond = and i1 %27, %.2098
  br i1 %or.cond, label %B1024.endif.endif.endif, label %B1416

B1104:                                            ; preds = %B1104.lr.ph, %B6948
  %.222335913593 = phi i64 [ 0, %B1104.lr.ph ], [ %.2230, %B6948 ]
  %.2230 = add nuw i64 %.222335913593, 1
  %28 = add i64 %.222335913593, 1
  %.2259 = uitofp nneg i64 %.222335913593 to double
  %.2260 = fadd nsz contract double %.2259, 5.000000e-01
  %.2266 = fdiv nsz contract double %.2260, %.2262
  %.2270 = fmul nsz contract double %.2269, %.2266
  %.2272 = fadd nsz contract double %arg.ty, %.2270
  %.2273 = tail call nsz contract double @llvm.floor.f64(double %.2272)
  %.2274 = fptosi double %.2273 to i64
  %.2278 = fmul nsz contract double %.2277, %.2266
  %.2280 = fadd nsz contract double %arg.tx, %.2278
  %.2281 = tail call nsz contract double @llvm.floor.f64(double %.2280)
  %.2282 = fptosi double %.2281 to i64
  %.2290 = icmp sgt i64 %.2274, -1
  %.2298 = icmp sgt i64 %arg.height.5.0, %.2274
  %or.cond3090 = select i1 %.2290, i1 %.2298, i1 false
  br i1 %or.cond3090, label %B1270, label %B6948

B1270:                                            ; preds = %B1104
  %.2313 = icmp sgt i64 %.2282, -1
  %.2321 = icmp sgt i64 %arg.height.5.1, %.2282
  %or.cond3091 = select i1 %.2313, i1 %.2321, i1 false
  br i1 %or.cond3091, label %B1302, label %B6948

B1302:                                            ; preds = %B1270
  %.2383 = mul i64 %arg.crown.5.1, %.2274
  %29 = getelementptr float, ptr %arg.crown.4, i64 %.2383
  %.2387 = getelementptr float, ptr %29, i64 %.2282
  %.2388 = load float, ptr %.2387, align 4
  %.2393 = fcmp nsz contract ogt float %.2388, 0.000000e+00
  br i1 %.2393, label %B1330, label %B6948

B1330:                                            ; preds = %B1302
  %.2399 = fmul nsz contract double %since.2.1, %.2259
  %.2405 = fdiv nsz contract double %.2399, %.2262
  %.2411 = uitofp nneg i64 %28 to double
  %.2412 = fmul nsz contract double %since.2.1, %.2411
  %.2418 = fdiv nsz contract double %.2412, %.2262
  %.92.i = load double, ptr %arg.trail.4, align 8
  %.5.i.i = fptosi double %.92.i to i64
  %.125.i = mul nsw i64 %.5.i.i, 3
  %.131.i = icmp sgt i64 %.5.i.i, 0
  br i1 %.131.i, label %B78.i, label %B250.i

B78.i:                                            ; preds = %B1330
  %30 = getelementptr double, ptr %arg.trail.4, i64 %.125.i
  %.188.i = getelementptr i8, ptr %30, i64 -8
  %.189.i = load double, ptr %.188.i, align 8
  %.191.i = fadd nsz contract double %.2405, 0xBEB0C6F7A0B5ED8D
  %.192.i = fcmp nsz contract ult double %.189.i, %.191.i
  br i1 %.192.i, label %B176.i, label %B118.i

B118.i:                                           ; preds = %B78.i
  %sunkaddr.i = mul i64 %.5.i.i, 24
  %sunkaddr1.i = getelementptr i8, ptr %arg.trail.4, i64 %sunkaddr.i
  %.250.i = load double, ptr %sunkaddr1.i, align 8
  %.252.i = fpext float %.2388 to double
  %.253.i = fcmp nsz contract oeq double %.250.i, %.252.i
  br i1 %.253.i, label %B152.i, label %B176.i

B152.i:                                           ; preds = %B118.i
  %sunkaddr1539 = getelementptr i8, ptr %arg.trail.4, i64 %sunkaddr.i
  %sunkaddr1540 = getelementptr i8, ptr %sunkaddr1539, i64 -8
  store double %.2418, ptr %sunkaddr1540, align 8
  br label %B6948

B176.i:                                           ; preds = %B118.i, %B78.i
  %.335.i = icmp eq i64 %.5.i.i, 16
  br i1 %.335.i, label %B198.i, label %B250.i

B198.i:                                           ; preds = %B176.i
  %.404.i = fsub nsz contract double %.2418, %.2405
  %.409.i = fadd nsz contract double %.404.i, %.189.i
  %sunkaddr1541 = getelementptr i8, ptr %arg.trail.4, i64 376
  store double %.409.i, ptr %sunkaddr1541, align 8
  br label %B6948

B250.i:                                           ; preds = %B176.i, %B1330
  %.504.i = icmp slt i64 %.5.i.i, 0
  %.505.i = select i1 %.504.i, i64 %arg.trail.5.1, i64 0
  %31 = getelementptr double, ptr %arg.trail.4, i64 %.125.i
  %32 = getelementptr i8, ptr %31, i64 8
  %.527.i = getelementptr double, ptr %32, i64 %.505.i
  store double %.2405, ptr %.527.i, align 8
  %33 = getelementptr i8, ptr %31, i64 16
  %.587.i = getelementptr double, ptr %33, i64 %.505.i
  store double %.2418, ptr %.587.i, align 8
  %.626.i = icmp slt i64 %.5.i.i, -1
  %.627.i = select i1 %.626.i, i64 %arg.trail.5.1, i64 0
  %34 = getelementptr i8, ptr %31, i64 24
  %.649.i = getelementptr double, ptr %34, i64 %.627.i
  %.650.i = fpext float %.2388 to double
  store double %.650.i, ptr %.649.i, align 8
  %.655.i = sitofp i64 %.5.i.i to double
  %.656.i = fadd nsz contract double %.655.i, 1.000000e+00
  store double %.656.i, ptr %arg.trail.4, align 8
  br label %B6948

B1416:                                            ; preds = %B1024.endif.endif.endif, %B6948, %B896
  %.5023 = icmp slt i64 %seen.2.1, 0
  %.5024 = select i1 %.5023, i64 %arg.pattern.5.0, i64 0
  %.5025 = add i64 %.5024, %seen.2.1
  %.5045 = mul i64 %.5025, %arg.pattern.5.1
  %35 = getelementptr double, ptr %arg.pattern.4, i64 %.5045
  br label %B1434.endif.endif

B1692:                                            ; preds = %B1692.preheader1385, %B1692
  %.320235973599 = phi i64 [ %.3209.3, %B1692 ], [ %.320235973599.unr, %B1692.preheader1385 ]
  %36 = shl i64 %.320235973599, 3
  %scevgep1414 = getelementptr i8, ptr %scevgep1408, i64 %36
  %scevgep1415 = getelementptr i8, ptr %scevgep1414, i64 -24
  %.3287 = load double, ptr %scevgep1415, align 8
  %37 = shl i64 %.320235973599, 3
  %scevgep1405 = getelementptr i8, ptr %scevgep1399, i64 %37
  %scevgep1406 = getelementptr i8, ptr %scevgep1405, i64 -24
  store double %.3287, ptr %scevgep1406, align 8
  %scevgep1412 = getelementptr i8, ptr %scevgep1408, i64 %37
  %scevgep1413 = getelementptr i8, ptr %scevgep1412, i64 -16
  %.3287.1 = load double, ptr %scevgep1413, align 8
  %38 = shl i64 %.320235973599, 3
  %scevgep1403 = getelementptr i8, ptr %scevgep1399, i64 %38
  %scevgep1404 = getelementptr i8, ptr %scevgep1403, i64 -16
  store double %.3287.1, ptr %scevgep1404, align 8
  %scevgep1410 = getelementptr i8, ptr %scevgep1408, i64 %38
  %scevgep1411 = getelementptr i8, ptr %scevgep1410, i64 -8
  %.3287.2 = load double, ptr %scevgep1411, align 8
  %39 = shl i64 %.320235973599, 3
  %scevgep1401 = getelementptr i8, ptr %scevgep1399, i64 %39
  %scevgep1402 = getelementptr i8, ptr %scevgep1401, i64 -8
  store double %.3287.2, ptr %scevgep1402, align 8
  %.3209.3 = add nuw nsw i64 %.320235973599, 4
  %40 = shl i64 %.320235973599, 3
  %scevgep1409 = getelementptr i8, ptr %scevgep1408, i64 %40
  %.3287.3 = load double, ptr %scevgep1409, align 8
  %41 = shl i64 %.320235973599, 3
  %scevgep1400 = getelementptr i8, ptr %scevgep1399, i64 %41
  store double %.3287.3, ptr %scevgep1400, align 8
  %exitcond.not.3 = icmp eq i64 %.5.i541, %.3209.3
  br i1 %exitcond.not.3, label %B1748.endif.endif, label %B1692

B1834:                                            ; preds = %B1834.preheader1384, %B1834
  %.351636043606 = phi i64 [ %.3523.3, %B1834 ], [ %.351636043606.unr, %B1834.preheader1384 ]
  %42 = shl i64 %.351636043606, 3
  %scevgep1442 = getelementptr i8, ptr %scevgep1438, i64 %42
  %scevgep1443 = getelementptr i8, ptr %scevgep1442, i64 -24
  %.3600 = load double, ptr %scevgep1443, align 8
  %43 = shl i64 %.351636043606, 3
  %scevgep1433 = getelementptr i8, ptr %scevgep1429, i64 %43
  %scevgep1434 = getelementptr i8, ptr %scevgep1433, i64 -24
  store double %.3600, ptr %scevgep1434, align 8
  %scevgep1444 = getelementptr i8, ptr %scevgep1438, i64 %43
  %scevgep1445 = getelementptr i8, ptr %scevgep1444, i64 -16
  %.3600.1 = load double, ptr %scevgep1445, align 8
  %44 = shl i64 %.351636043606, 3
  %scevgep1435 = getelementptr i8, ptr %scevgep1429, i64 %44
  %scevgep1436 = getelementptr i8, ptr %scevgep1435, i64 -16
  store double %.3600.1, ptr %scevgep1436, align 8
  %scevgep1440 = getelementptr i8, ptr %scevgep1438, i64 %44
  %scevgep1441 = getelementptr i8, ptr %scevgep1440, i64 -8
  %.3600.2 = load double, ptr %scevgep1441, align 8
  %45 = shl i64 %.351636043606, 3
  %scevgep1431 = getelementptr i8, ptr %scevgep1429, i64 %45
  %scevgep1432 = getelementptr i8, ptr %scevgep1431, i64 -8
  store double %.3600.2, ptr %scevgep1432, align 8
  %.3523.3 = add nuw nsw i64 %.351636043606, 4
  %scevgep1439 = getelementptr i8, ptr %scevgep1438, i64 %45
  %.3600.3 = load double, ptr %scevgep1439, align 8
  %46 = shl i64 %.351636043606, 3
  %scevgep1430 = getelementptr i8, ptr %scevgep1429, i64 %46
  store double %.3600.3, ptr %scevgep1430, align 8
  %exitcond5578.not.3 = icmp eq i64 %storemerge3120, %.3523.3
  br i1 %exitcond5578.not.3, label %B1878.endif, label %B1834

B2292:                                            ; preds = %B2148.endif.endif.endif.endif
  %.3856 = add nsw i64 %.3669, 1
  %.3858 = sitofp i64 %.3856 to double
  %.3859 = fsub nsz contract double %.3858, %.2600
  br label %B2316

B2308:                                            ; preds = %B2148.endif.endif.endif.endif
  %.3866 = sitofp i64 %.3669 to double
  %.3867 = fsub nsz contract double %.2600, %.3866
  br label %B2316

B2316:                                            ; preds = %B2308, %B2292
  %"$phi2316.1.2.2" = phi double [ %.3859, %B2292 ], [ %.3867, %B2308 ]
  %47 = fcmp ule double %.3679, 0.000000e+00
  %.3873 = fmul nsz contract double %.3810, %"$phi2316.1.2.2"
  br i1 %47, label %B2352, label %B2336

B2336:                                            ; preds = %B2316
  %.3884 = add nsw i64 %.3666, 1
  %.3886 = sitofp i64 %.3884 to double
  %.3887 = fsub nsz contract double %.3886, %.2655
  br label %B2360

B2352:                                            ; preds = %B2316
  %.3894 = sitofp i64 %.3666 to double
  %.3895 = fsub nsz contract double %.2655, %.3894
  br label %B2360

B2360:                                            ; preds = %B2352, %B2336
  %"$phi2360.1.2.2" = phi double [ %.3887, %B2336 ], [ %.3895, %B2352 ]
  %.3901 = fmul nsz contract double %.3844, %"$phi2360.1.2.2"
  %.3911 = icmp sgt i64 %.3666, -1
  %.3929 = icmp sgt i64 %arg.height.5.0, %.3666
  %or.cond3092 = select i1 %.3911, i1 %.3929, i1 false
  %.3965 = icmp sgt i64 %.3669, -1
  %or.cond3128 = select i1 %or.cond3092, i1 %.3965, i1 false
  %.3978 = icmp sgt i64 %arg.height.5.1, %.3669
  %or.cond3134 = select i1 %or.cond3128, i1 %.3978, i1 false
  br i1 %or.cond3134, label %B2444, label %B2544.preheader

B2444:                                            ; preds = %B2360
  %48 = icmp sgt i64 %.5.i541, 0
  %.4114 = mul i64 %arg.height.5.1, %.3666
  %49 = getelementptr float, ptr %arg.height.4, i64 %.4114
  %.4118 = getelementptr float, ptr %49, i64 %.3669
  %.4119 = load float, ptr %.4118, align 4
  %.4124 = fcmp nsz contract ule float %.4119, 0.000000e+00
  %brmerge6145 = or i1 %48, %.4124
  %.mux = select i1 %.4124, i64 0, i64 24
  br i1 %brmerge6145, label %B2544.preheader, label %B2500

B2500:                                            ; preds = %B2444
  %.4122 = fpext float %.4119 to double
  %.4220 = fcmp nsz contract oeq double %.2765, 0.000000e+00
  %.4309 = fcmp nsz contract ole double %arg.tz, %.4122
  %or.cond3093 = select i1 %.4220, i1 %.4309, i1 false
  %spec.select3117 = select i1 %or.cond3093, i64 10000, i64 0
  br label %B2544.preheader

B2544.preheader:                                  ; preds = %B2500, %B2444, %B2360
  %ghost.6.2.ph = phi i64 [ %spec.select3117, %B2500 ], [ 0, %B2360 ], [ %.mux, %B2444 ]
  %50 = fcmp ule double %.3679, 0.000000e+00
  %51 = fcmp ule double %.3677, 0.000000e+00
  %52 = icmp sgt i64 %.5.i541, 0
  %53 = fcmp ogt double %since.2.1, 0.000000e+00
  %invariant.gep3674 = getelementptr double, ptr %arg.stack.4, i64 %.5.i541
  %spec.select = select i1 %52, i64 2, i64 0
  %.5345 = add nsw i64 %spec.select, %.5343
  %.5807 = icmp slt i64 %rem.5.0, 0
  %.5808 = select i1 %.5807, i64 %arg.into.5.0, i64 0
  %.5809 = add i64 %.5808, %rem.5.0
  %.5839 = mul i64 %.5809, %.5691
  %54 = getelementptr double, ptr %arg.into.4, i64 %.5839
  %.5920 = add nsw i64 %rem.5.0, %.339.1
  %.5955 = icmp slt i64 %.5920, 0
  %.5956 = select i1 %.5955, i64 %arg.into.5.0, i64 0
  %.5957 = add i64 %.5956, %.5920
  %.5987 = mul i64 %.5957, %.5691
  %55 = getelementptr double, ptr %arg.into.4, i64 %.5987
  %.6071 = add nsw i64 %rem.5.0, %.6069
  %.6106 = icmp slt i64 %.6071, 0
  %.6107 = select i1 %.6106, i64 %arg.into.5.0, i64 0
  %.6108 = add i64 %.6107, %.6071
  %.6138 = mul i64 %.6108, %.5691
  %56 = getelementptr double, ptr %arg.into.4, i64 %.6138
  %spec.select3107 = zext i1 %51 to i64
  %spec.select3108 = select i1 %50, i64 3, i64 2
  %.7759 = sitofp i64 %"$phi2148.2.2.2" to double
  %.7760 = fneg nsz contract double %.7759
  %.7743 = sitofp i64 %"$phi2148.1.2.2" to double
  %.7744 = fneg nsz contract double %.7743
  %.8924 = icmp sle i64 %arg.most, %.5.i541
  %or.cond3112 = select i1 %53, i1 true, i1 %.8924
  %.9878 = sitofp i64 %.5.i541 to double
  %.9879 = fadd nsz contract double %.9878, 1.000000e+00
  %.10570 = icmp slt i64 %.5.i541, -9
  %.10571 = select i1 %.10570, i64 %arg.stack.5.1, i64 0
  %.6969 = fcmp nsz contract uge double %.3677, 0.000000e+00
  %.5365.1 = add nsw i64 %.5345, 1
  %or.cond3130.not531 = xor i1 %.6969, true
  %57 = add i64 %.5.i541, -1
  %const_mat = add i64 %const, 2
  %unroll_iter = and i64 %.5.i541, %const_mat
  %n.vec1092 = and i64 %.5.i541, %const
  %xtraiter1268 = and i64 %.5.i541, 3
  br label %B2544.outer

B2544.outer:                                      ; preds = %B5434, %B4858, %B4672, %B4546, %B2544.preheader
  %low.7.2.ph = phi double [ %.2856, %B2544.preheader ], [ %low.8.4, %B5434 ], [ %low.8.4, %B4546 ], [ %low.8.4, %B4858 ], [ %low.8.4, %B4672 ]
  %col.4.2.ph = phi i64 [ %.3669, %B2544.preheader ], [ %col.5.5, %B5434 ], [ %col.5.5, %B4546 ], [ %col.5.5, %B4858 ], [ %col.5.5, %B4672 ]
  %row.4.2.ph = phi i64 [ %.3666, %B2544.preheader ], [ %row.5.5, %B5434 ], [ %row.5.5, %B4546 ], [ %row.5.5, %B4858 ], [ %row.5.5, %B4672 ]
  %waiting.6.2.ph = phi i64 [ %.2536, %B2544.preheader ], [ %waiting.5.3, %B5434 ], [ %waiting.5.3, %B4546 ], [ %waiting.5.3, %B4858 ], [ %waiting.5.3, %B4672 ]
  %to_col.3.2.ph = phi double [ %.3873, %B2544.preheader ], [ %to_col.4.5, %B5434 ], [ %to_col.4.5, %B4546 ], [ %to_col.4.5, %B4858 ], [ %to_col.4.5, %B4672 ]
  %to_row.3.2.ph = phi double [ %.3901, %B2544.preheader ], [ %to_row.4.5, %B5434 ], [ %to_row.4.5, %B4546 ], [ %to_row.4.5, %B4858 ], [ %to_row.4.5, %B4672 ]
  %gone.3.2.ph = phi double [ 0.000000e+00, %B2544.preheader ], [ %.13.i, %B5434 ], [ %.13.i, %B4546 ], [ %.13.i, %B4858 ], [ %.13.i, %B4672 ]
  %inside.3.2.ph = phi i1 [ %or.cond3134, %B2544.preheader ], [ true, %B5434 ], [ false, %B4546 ], [ true, %B4858 ], [ true, %B4672 ]
  %ghost.6.2.ph1132 = phi i64 [ %ghost.6.2.ph, %B2544.preheader ], [ %.8472, %B5434 ], [ %ghost.6.2, %B4546 ], [ 0, %B4858 ], [ 0, %B4672 ]
  br label %B2544

B2544:                                            ; preds = %B4724, %B2544.outer
  %low.7.2 = phi double [ %low.8.4, %B4724 ], [ %low.7.2.ph, %B2544.outer ]
  %col.4.2 = phi i64 [ %col.5.5, %B4724 ], [ %col.4.2.ph, %B2544.outer ]
  %row.4.2 = phi i64 [ %row.5.5, %B4724 ], [ %row.4.2.ph, %B2544.outer ]
  %to_col.3.2 = phi double [ %to_col.4.5, %B4724 ], [ %to_col.3.2.ph, %B2544.outer ]
  %to_row.3.2 = phi double [ %to_row.4.5, %B4724 ], [ %to_row.3.2.ph, %B2544.outer ]
  %gone.3.2 = phi double [ %.13.i, %B4724 ], [ %gone.3.2.ph, %B2544.outer ]
  %inside.3.2 = phi i1 [ true, %B4724 ], [ %inside.3.2.ph, %B2544.outer ]
  %ghost.6.2 = phi i64 [ %.7378, %B4724 ], [ %ghost.6.2.ph1132, %B2544.outer ]
  br label %B2546.endif

B2600:                                            ; preds = %B2546.endif
  %58 = icmp sgt i64 %arg.crown.5.0, 0
  %.4472 = sub nsw i64 %row.3.3, %arg.first_row
  %.4475 = sub nsw i64 %col.3.3, %arg.first_col
  %.4502 = icmp slt i64 %row.3.3, 0
  %.4503 = select i1 %.4502, i64 %arg.height.5.0, i64 0
  %.4504 = add i64 %.4503, %row.3.3
  %.4505 = icmp slt i64 %col.3.3, 0
  %.4506 = select i1 %.4505, i64 %arg.height.5.1, i64 0
  %.4524 = mul i64 %.4504, %arg.height.5.1
  %59 = getelementptr float, ptr %arg.height.4, i64 %.4524
  %60 = getelementptr float, ptr %59, i64 %col.3.3
  %.4528 = getelementptr float, ptr %60, i64 %.4506
  %.4529 = load float, ptr %.4528, align 4
  br i1 %58, label %B2644, label %B2760

B2644:                                            ; preds = %B2600
  %61 = icmp slt i64 %col.3.3, 0
  %62 = icmp slt i64 %row.3.3, 0
  %.4570 = select i1 %62, i64 %arg.crown.5.0, i64 0
  %.4571 = add i64 %.4570, %row.3.3
  %.4573 = select i1 %61, i64 %arg.crown.5.1, i64 0
  %.4591 = mul i64 %.4571, %arg.crown.5.1
  %63 = getelementptr float, ptr %arg.crown.4, i64 %.4591
  %64 = getelementptr float, ptr %63, i64 %col.3.3
  %.4595 = getelementptr float, ptr %64, i64 %.4573
  %.4596 = load float, ptr %.4595, align 4
  %.4601 = fcmp nsz contract ogt float %.4596, 0.000000e+00
  %.4605 = fcmp nsz contract ogt double %.13.i, %gone.2.3
  %or.cond3094 = select i1 %.4601, i1 %.4605, i1 false
  br i1 %or.cond3094, label %B2684, label %B2760

B2684:                                            ; preds = %B2644
  %.4610 = fmul nsz contract double %arg.cell_m, %gone.2.3
  %.4612 = fadd nsz contract double %.2765, %.4610
  %.90.i = load double, ptr %1, align 8
  %.5.i.i543 = fptosi double %.90.i to i64
  %.121.i = mul nsw i64 %.5.i.i543, 3
  %.127.i = icmp sgt i64 %.5.i.i543, 0
  br i1 %.127.i, label %B78.i545, label %B250.i544

B78.i545:                                         ; preds = %B2684
  %65 = getelementptr double, ptr %1, i64 %.121.i
  %.184.i = getelementptr i8, ptr %65, i64 -8
  %.185.i = load double, ptr %.184.i, align 8
  %.187.i = fadd nsz contract double %.4612, 0xBEB0C6F7A0B5ED8D
  %.188.i546 = fcmp nsz contract ult double %.185.i, %.187.i
  br i1 %.188.i546, label %B176.i550, label %B118.i547

B118.i547:                                        ; preds = %B78.i545
  %sunkaddr.i548 = mul i64 %.5.i.i543, 24
  %sunkaddr1.i549 = getelementptr i8, ptr %1, i64 %sunkaddr.i548
  %.246.i = load double, ptr %sunkaddr1.i549, align 8
  %.248.i = fpext float %.4596 to double
  %.249.i = fcmp nsz contract oeq double %.246.i, %.248.i
  br i1 %.249.i, label %B152.i552, label %B176.i550

B152.i552:                                        ; preds = %B118.i547
  %sunkaddr1542 = getelementptr i8, ptr %1, i64 %sunkaddr.i548
  %sunkaddr1543 = getelementptr i8, ptr %sunkaddr1542, i64 -8
  store double %.4462, ptr %sunkaddr1543, align 8
  br label %B2760

B176.i550:                                        ; preds = %B118.i547, %B78.i545
  %.331.i = icmp eq i64 %.5.i.i543, 16
  br i1 %.331.i, label %B198.i551, label %B250.i544

B198.i551:                                        ; preds = %B176.i550
  %sunkaddr1544 = getelementptr i8, ptr %1, i64 376
  %.397.i = load double, ptr %sunkaddr1544, align 8
  %.400.i = fsub nsz contract double %.4462, %.4612
  %.405.i = fadd nsz contract double %.400.i, %.397.i
  store double %.405.i, ptr %sunkaddr1544, align 8
  br label %B2760

B250.i544:                                        ; preds = %B176.i550, %B2684
  %.500.i = icmp slt i64 %.5.i.i543, 0
  %.501.i = select i1 %.500.i, i64 %arg.trail.5.1, i64 0
  %66 = getelementptr double, ptr %1, i64 %.121.i
  %67 = getelementptr i8, ptr %66, i64 8
  %.523.i = getelementptr double, ptr %67, i64 %.501.i
  store double %.4612, ptr %.523.i, align 8
  %68 = getelementptr i8, ptr %66, i64 16
  %.583.i = getelementptr double, ptr %68, i64 %.501.i
  store double %.4462, ptr %.583.i, align 8
  %.622.i = icmp slt i64 %.5.i.i543, -1
  %.623.i = select i1 %.622.i, i64 %arg.trail.5.1, i64 0
  %69 = getelementptr i8, ptr %66, i64 24
  %.645.i = getelementptr double, ptr %69, i64 %.623.i
  %.646.i = fpext float %.4596 to double
  store double %.646.i, ptr %.645.i, align 8
  %.651.i = sitofp i64 %.5.i.i543 to double
  %.652.i = fadd nsz contract double %.651.i, 1.000000e+00
  store double %.652.i, ptr %1, align 8
  br label %B2760

B2760:                                            ; preds = %B250.i544, %B198.i551, %B152.i552, %B2644, %B2600
  %.4701 = fpext float %.4529 to double
  %.4703 = fcmp nsz contract ugt float %.4529, 0.000000e+00
  br i1 %.4703, label %B3840, label %B2774

B2774:                                            ; preds = %B2760
  %.4706 = icmp sgt i64 %.4472, -1
  %.4714 = icmp slt i64 %.4472, %arg.into.5.1
  %or.cond3095 = select i1 %.4706, i1 %.4714, i1 false
  br i1 %or.cond3095, label %B2810, label %B3840

B2810:                                            ; preds = %B2774
  %.4729 = icmp sgt i64 %.4475, -1
  %.4737 = icmp slt i64 %.4475, %arg.into.5.2
  %or.cond3096 = select i1 %.4729, i1 %.4737, i1 false
  %.4753 = fcmp nsz contract ogt double %.13.i, %gone.2.3
  %or.cond3097 = select i1 %or.cond3096, i1 %.4753, i1 false
  br i1 %or.cond3097, label %B2860.endif.endif, label %B3840

B3376.loopexit.unr-lcssa:                         ; preds = %B3224.endif
  %70 = and i64 %.5.i541, 1
  %71 = icmp eq i64 %70, 0
  br i1 %71, label %B3376, label %B3224.endif.epil.preheader

B3224.endif.epil.preheader:                       ; preds = %B3224.lr.ph, %B3376.loopexit.unr-lcssa
  %power.5.83615.epil.init = phi double [ %.5077, %B3224.lr.ph ], [ %.5334.11260, %B3376.loopexit.unr-lcssa ]
  %.516736113613.epil.init = phi i64 [ 0, %B3224.lr.ph ], [ %.5174.11253, %B3376.loopexit.unr-lcssa ]
  %72 = getelementptr double, ptr %0, i64 %.516736113613.epil.init
  %73 = getelementptr i8, ptr %72, i64 72
  %.5253.epil = load double, ptr %73, align 8
  %.5.i554.epil = fptosi double %.5253.epil to i64
  %.5303.epil = icmp slt i64 %.5.i554.epil, 0
  %.5304.epil = select i1 %.5303.epil, i64 %arg.walls.5.0, i64 0
  %.5305.epil = add i64 %.5304.epil, %.5.i554.epil
  %.5325.epil = mul i64 %.5305.epil, %arg.walls.5.1
  %gep3620.epil = getelementptr double, ptr %invariant.gep3619, i64 %.5325.epil
  %.5330.epil = load double, ptr %gep3620.epil, align 8
  %.5334.epil = fmul nsz contract double %power.5.83615.epil.init, %.5330.epil
  br label %B3376

B3376:                                            ; preds = %B2996.endif.endif, %B3224.endif.epil.preheader, %B3376.loopexit.unr-lcssa
  %power.5.8.lcssa = phi double [ %.5077, %B2996.endif.endif ], [ %.5334.11260, %B3376.loopexit.unr-lcssa ], [ %.5334.epil, %B3224.endif.epil.preheader ]
  %74 = fcmp ogt double %since.2.1, 0.000000e+00
  br i1 %74, label %B3388, label %B3516

B3388:                                            ; preds = %B3376
  %.5445 = tail call nsz contract double @sqrt(double %.5444)
  %.5447 = fmul nsz contract double %bend.2.1, %.5445
  %.8.i = fcmp nsz contract ugt double %.5447, -7.800000e-01
  br i1 %.8.i, label %B20.i, label %B3388.endif.endif

B20.i:                                            ; preds = %B3388
  %.15.i = fadd nsz contract double %.5447, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %.5447, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %75 = fmul nsz contract double %.51.i, -1.000000e-01
  %76 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %75)
  br label %B3388.endif.endif

B3516:                                            ; preds = %B3388.endif.endif, %B3376
  %power.7.8 = phi double [ %.5476, %B3388.endif.endif ], [ %power.5.8.lcssa, %B3376 ]
  %kind.2.8 = phi i64 [ %.5483, %B3388.endif.endif ], [ %.5345, %B3376 ]
  %.5546 = load double, ptr %1, align 8
  %.5547 = fcmp nsz contract ogt double %.5546, 0.000000e+00
  br i1 %.5547, label %B3554, label %B3654

B3554:                                            ; preds = %B3516
  %.5.i.i556 = fptosi double %.5546 to i64
  %.199160.not.i = icmp slt i64 %.5.i.i556, 1
  br i1 %.199160.not.i, label %B3554.endif.endif, label %B82.endif.endif.endif.endif.endif.endif.endif.i.preheader

B82.endif.endif.endif.endif.endif.endif.endif.i.preheader: ; preds = %B3554
  br label %B82.endif.endif.endif.endif.endif.endif.endif.i

B82.endif.endif.endif.endif.endif.endif.endif.i:  ; preds = %B82.endif.endif.endif.endif.endif.endif.endif.i, %B82.endif.endif.endif.endif.endif.endif.endif.i.preheader
  %lsr.iv1451 = phi ptr [ %scevgep1450, %B82.endif.endif.endif.endif.endif.endif.endif.i.preheader ], [ %scevgep1452, %B82.endif.endif.endif.endif.endif.endif.endif.i ]
  %lsr.iv25.i = phi i64 [ %lsr.iv.next.i, %B82.endif.endif.endif.endif.endif.endif.endif.i ], [ %.5.i.i556, %B82.endif.endif.endif.endif.endif.endif.endif.i.preheader ]
  %total.2.0163.i = phi double [ %.568.i, %B82.endif.endif.endif.endif.endif.endif.endif.i ], [ 0.000000e+00, %B82.endif.endif.endif.endif.endif.endif.endif.i.preheader ]
  %scevgep1454 = getelementptr i8, ptr %lsr.iv1451, i64 -16
  %.293.i = load double, ptr %scevgep1454, align 8
  %scevgep1453 = getelementptr i8, ptr %lsr.iv1451, i64 -8
  %.350.i = load double, ptr %scevgep1453, align 8
  %.407.i = load double, ptr %lsr.iv1451, align 8
  %77 = fadd nsz contract double %arg.tz, %.407.i
  %.410.i = fneg nsz contract double %77
  %.415.i = fdiv nsz contract double %.410.i, %"$phi2960.2.2.6"
  %.417.i = fsub nsz contract double %.407.i, %arg.tz
  %.422.i = fdiv nsz contract double %.417.i, %"$phi2960.2.2.6"
  %.12.i.i = fcmp nsz contract ogt double %.422.i, %.415.i
  %.13.i.i = select i1 %.12.i.i, double %.422.i, double %.415.i
  %.16.i.i = fcmp nsz contract olt double %.4762, %.350.i
  %.17.i.i = select i1 %.16.i.i, double %.4762, double %.350.i
  %.18.i.i = fcmp nsz contract olt double %.13.i.i, %.17.i.i
  %.19.i.i = select i1 %.18.i.i, double %.13.i.i, double %.17.i.i
  %.12.i16.i = fcmp nsz contract olt double %.422.i, %.415.i
  %.13.i17.i = select i1 %.12.i16.i, double %.422.i, double %.415.i
  %.12.i18.i = fcmp nsz contract ogt double %.13.i17.i, %.293.i
  %.13.i19.i = select i1 %.12.i18.i, double %.13.i17.i, double %.293.i
  %.538.i = fsub nsz contract double %.19.i.i, %.13.i19.i
  %.12.i20.i = fcmp nsz contract olt double %.538.i, 0.000000e+00
  %.13.i21.i = select i1 %.12.i20.i, double 0.000000e+00, double %.538.i
  %.568.i = fadd nsz contract double %total.2.0163.i, %.13.i21.i
  %lsr.iv.next.i = add i64 %lsr.iv25.i, -1
  %scevgep1452 = getelementptr i8, ptr %lsr.iv1451, i64 24
  %exitcond.not.i = icmp eq i64 %lsr.iv.next.i, 0
  br i1 %exitcond.not.i, label %B3554.endif.endif, label %B82.endif.endif.endif.endif.endif.endif.endif.i

B3654:                                            ; preds = %B3554.endif.endif, %B3516
  %power.8.8 = phi double [ %.5614, %B3554.endif.endif ], [ %power.7.8, %B3516 ]
  %.5661 = icmp slt i64 %kind.2.8, 0
  %.5662 = select i1 %.5661, i64 %arg.into.5.0, i64 0
  %.5663 = add i64 %.5662, %kind.2.8
  %.5693 = mul i64 %.5663, %.5691
  %gep3654 = getelementptr double, ptr %invariant.gep3653, i64 %.5693
  %.5700 = load double, ptr %gep3654, align 8
  %.5702 = fadd nsz contract double %power.8.8, %.5700
  store double %.5702, ptr %gep3654, align 8
  %sunkaddr1545 = mul i64 %.4475, 8
  %sunkaddr1546 = getelementptr inbounds i8, ptr %223, i64 %sunkaddr1545
  %.5846 = load double, ptr %sunkaddr1546, align 8
  %.5848 = fadd nsz contract double %power.8.8, %.5846
  store double %.5848, ptr %sunkaddr1546, align 8
  %sunkaddr1547 = mul i64 %.4475, 8
  %sunkaddr1548 = getelementptr inbounds i8, ptr %224, i64 %sunkaddr1547
  %.5994 = load double, ptr %sunkaddr1548, align 8
  %.5997 = fmul nsz contract double %.3677, %power.8.8
  %.5998 = fsub nsz contract double %.5994, %.5997
  store double %.5998, ptr %sunkaddr1548, align 8
  %sunkaddr1549 = mul i64 %.4475, 8
  %sunkaddr1550 = getelementptr inbounds i8, ptr %225, i64 %sunkaddr1549
  %.6145 = load double, ptr %sunkaddr1550, align 8
  %.6148 = fmul nsz contract double %.3679, %power.8.8
  %.6151 = fadd nsz contract double %.6148, %.6145
  store double %.6151, ptr %sunkaddr1550, align 8
  br label %B6949

B3840:                                            ; preds = %B3654.1, %B6949, %B2810, %B2774, %B2760
  %78 = icmp eq i64 %ghost.6.2, 0
  %.6247 = fcmp nsz contract ogt float %.4529, 0.000000e+00
  %or.cond3099 = select i1 %.6247, i1 %78, i1 false
  br i1 %or.cond3099, label %B3864, label %B4044

B3864:                                            ; preds = %B3840
  %.6261 = fsub nsz contract double %.4701, %arg.tz
  %.6268 = fdiv nsz contract double %.6261, %.4462
  %.6274 = fcmp nsz contract ogt double %.6268, %low.6.3
  br i1 %.6274, label %B3892.endif.endif.endif, label %B4044

B4044:                                            ; preds = %B3892.endif.endif.endif, %B2546.endif, %B3864, %B3840
  %low.8.4 = phi double [ %.6268, %B3892.endif.endif.endif ], [ %low.6.3, %B3864 ], [ %low.6.3, %B2546.endif ], [ %low.6.3, %B3840 ]
  %79 = fcmp olt double %rise.2.0, 0.000000e+00
  %.6546 = fdiv nsz contract double %rise.2.0, %.4462
  br i1 %79, label %B4056.endif, label %B4076.endif

B4094:                                            ; preds = %B4076.endif, %B4056.endif
  %.6566 = fdiv nsz contract double %.4909, %.4462
  %.6568 = fcmp nsz contract ogt double %.6566, %.2911
  br i1 %.6568, label %B4114.endif.endif, label %B4222

B4222:                                            ; preds = %B4076.endif, %B4056.endif, %B4094
  %.6795 = fcmp nsz contract ole double %to_col.2.3, %to_row.2.3
  br i1 %.6795, label %B4246, label %B4268

B4246:                                            ; preds = %B4222
  %.6815 = fadd nsz contract double %.3810, %to_col.2.3
  %.6823 = add nsw i64 %col.3.3, %"$phi2148.1.2.2"
  br label %B4288

B4268:                                            ; preds = %B4222
  %.6842 = fadd nsz contract double %.3844, %to_row.2.3
  %.6849 = add nsw i64 %row.3.3, %"$phi2148.2.2.2"
  br label %B4288

B4288:                                            ; preds = %B4268, %B4246
  %row.5.5 = phi i64 [ %row.3.3, %B4246 ], [ %.6849, %B4268 ]
  %to_row.4.5 = phi double [ %to_row.2.3, %B4246 ], [ %.6842, %B4268 ]
  %to_col.4.5 = phi double [ %.6815, %B4246 ], [ %to_col.2.3, %B4268 ]
  %col.5.5 = phi i64 [ %.6823, %B4246 ], [ %col.3.3, %B4268 ]
  %.6856 = icmp sgt i64 %row.5.5, -1
  %.6874 = icmp slt i64 %row.5.5, %arg.height.5.0
  %or.cond3100 = select i1 %.6856, i1 %.6874, i1 false
  br i1 %or.cond3100, label %B4320, label %B4356

B4320:                                            ; preds = %B4288
  %80 = icmp sgt i64 %col.5.5, -1
  br i1 %80, label %B4350, label %B4368

B4350:                                            ; preds = %B4320
  %.6923 = icmp slt i64 %col.5.5, %arg.height.5.1
  br i1 %.6923, label %B4672, label %B4476

B4356:                                            ; preds = %B4288
  %81 = fcmp ule double %.3677, 0.000000e+00
  %82 = icmp sgt i64 %col.5.5, -1
  %brmerge3129 = or i1 %81, %82
  %not..6952 = xor i1 %82, true
  br i1 %brmerge3129, label %B4380, label %B4464

B4368:                                            ; preds = %B4320
  %83 = fcmp ule double %.3677, 0.000000e+00
  br i1 %83, label %B4380, label %B4464

B4380:                                            ; preds = %B4368, %B4356
  %.6856823 = phi i1 [ %.6856, %B4356 ], [ true, %B4368 ]
  %.6874817 = phi i1 [ %.6874, %B4356 ], [ true, %B4368 ]
  %.69522969 = phi i1 [ %not..6952, %B4356 ], [ true, %B4368 ]
  %84 = fcmp ule double %.3679, 0.000000e+00
  %85 = fcmp olt double %.3679, 0.000000e+00
  %86 = fcmp uge double %.3677, 0.000000e+00
  %.6965 = icmp slt i64 %col.5.5, %arg.height.5.1
  %or.cond3101.not4328 = select i1 %.6965, i1 true, i1 %86
  %brmerge = select i1 %.6856823, i1 true, i1 %84
  %or.cond3130 = select i1 %or.cond3101.not4328, i1 %brmerge, i1 false
  %or.cond3130.not = xor i1 %or.cond3130, true
  %brmerge6146 = select i1 %or.cond3130.not, i1 true, i1 %.6874817
  %or.cond3130.not..6992 = select i1 %brmerge6146, i1 %or.cond3130.not, i1 %85
  br i1 %.69522969, label %B4464, label %B4476

B4464:                                            ; preds = %B4380, %B4368, %B4356
  %"$phi4450.1.5.52995" = phi i1 [ %or.cond3130.not..6992, %B4380 ], [ true, %B4356 ], [ true, %B4368 ]
  %87 = fcmp ugt double %.3677, 0.000000e+00
  br i1 %87, label %B4476, label %B4560.endif.endif

B4476:                                            ; preds = %B4464, %B4380, %B4350
  %"$phi4450.1.5.52994" = phi i1 [ %"$phi4450.1.5.52995", %B4464 ], [ %or.cond3130.not..6992, %B4380 ], [ %or.cond3130.not531, %B4350 ]
  %88 = fcmp ole double %.3679, 0.000000e+00
  %89 = fcmp oge double %.3677, 0.000000e+00
  %.7016 = icmp sge i64 %col.5.5, %arg.height.5.1
  %or.cond3102 = select i1 %.7016, i1 %89, i1 false
  %.7027 = icmp slt i64 %row.5.5, 0
  %or.cond3103 = select i1 %.7027, i1 %88, i1 false
  %or.cond4323 = select i1 %or.cond3102, i1 true, i1 %or.cond3103
  br i1 %or.cond4323, label %B4560.endif.endif, label %B4546

B4546:                                            ; preds = %B4476
  %90 = fcmp oge double %.3679, 0.000000e+00
  %.7037 = icmp sge i64 %row.5.5, %arg.height.5.0
  %spec.select3104 = select i1 %.7037, i1 %90, i1 false
  %brmerge3105 = select i1 %inside.2.3, i1 true, i1 %spec.select3104
  %"$phi4450.1.5.52993.not" = xor i1 %"$phi4450.1.5.52994", true
  %brmerge3106 = select i1 %brmerge3105, i1 true, i1 %"$phi4450.1.5.52993.not"
  br i1 %brmerge3106, label %B4560.endif.endif, label %B2544.outer

B4672:                                            ; preds = %B4350
  %.7337 = mul i64 %row.5.5, %arg.height.5.1
  %91 = getelementptr float, ptr %arg.height.4, i64 %.7337
  %.7341 = getelementptr float, ptr %91, i64 %col.5.5
  %.7342 = load float, ptr %.7341, align 4
  %.7349 = fpext float %.7342 to double
  %.7351 = fcmp nsz contract ugt float %.7342, 0.000000e+00
  br i1 %.7351, label %B4712, label %B2544.outer

B4712:                                            ; preds = %B4672
  %92 = icmp sgt i64 %ghost.6.2, 0
  br i1 %92, label %B4724, label %B4858

B4724:                                            ; preds = %B4712
  %.7378 = add nsw i64 %ghost.6.2, -1
  %.7385 = icmp eq i64 %.7378, 0
  br i1 %.7385, label %B4746.endif.endif, label %B2544

B4858:                                            ; preds = %B4712
  %.7607 = fsub nsz contract double %.7349, %arg.tz
  %.7612 = fdiv nsz contract double %.7607, %.4462
  %.7618 = fcmp nsz contract ult double %low.8.4, %.7612
  br i1 %.7618, label %B4890, label %B2544.outer

B4890:                                            ; preds = %B4858
  %93 = fcmp ole double %to_col.2.3, %to_row.2.3
  %"$phi4932.1.4.6" = select i1 %93, i64 %spec.select3107, i64 %spec.select3108
  %.7726 = mul i64 %.7724, %row.5.5
  %.7728 = mul i64 %col.5.5, %arg.wall.5.2
  %94 = getelementptr i32, ptr %arg.wall.4, i64 %.7726
  %95 = getelementptr i32, ptr %94, i64 %.7728
  %.7732 = getelementptr i32, ptr %95, i64 %"$phi4932.1.4.6"
  %.7733 = load i32, ptr %.7732, align 4
  %.7780 = zext nneg i32 %.7733 to i64
  %.7781 = icmp sgt i32 %.7733, -1
  br i1 %.7781, label %B5146, label %B5112

B5112:                                            ; preds = %B4890
  %96 = fcmp ole double %to_col.2.3, %to_row.2.3
  %"$phi5032.2.2.6" = select i1 %96, double 0.000000e+00, double %.7760
  %"$phi5032.1.2.62997" = select i1 %96, double %.7744, double 0.000000e+00
  %.7960 = fmul nsz contract double %.3677, %"$phi5032.1.2.62997"
  %.7963 = fmul nsz contract double %.3679, %"$phi5032.2.2.6"
  %.7964 = fadd nsz contract double %.7960, %.7963
  br label %B5156

B5146:                                            ; preds = %B4890
  %97 = trunc i64 %.7780 to i32
  %.7833 = mul i64 %arg.lines.5.1, %.7780
  %.7837 = getelementptr double, ptr %arg.lines.4, i64 %.7833
  %.7838 = load double, ptr %.7837, align 8
  %.7893 = getelementptr i8, ptr %.7837, i64 8
  %.7894 = load double, ptr %.7893, align 8
  %.7949 = getelementptr i8, ptr %.7837, i64 16
  %.7950 = load double, ptr %.7949, align 8
  %.79603002 = fmul nsz contract double %.3677, %.7838
  %.79633003 = fmul nsz contract double %.3679, %.7894
  %.79643004 = fadd nsz contract double %.79603002, %.79633003
  %.7977 = uitofp nneg i32 %97 to double
  %.7978 = fcmp nsz contract oeq double %.3109, %.7977
  br label %B5156

B5156:                                            ; preds = %B5146, %B5112
  %.79643011 = phi double [ %.79643004, %B5146 ], [ %.7964, %B5112 ]
  %nx.3.63009 = phi double [ %.7838, %B5146 ], [ %"$phi5032.1.2.62997", %B5112 ]
  %ny.3.63007 = phi double [ %.7894, %B5146 ], [ %"$phi5032.2.2.6", %B5112 ]
  %offset.2.63005 = phi double [ %.7950, %B5146 ], [ 0.000000e+00, %B5112 ]
  %"$phi5156.1.2.6" = phi i1 [ %.7978, %B5146 ], [ false, %B5112 ]
  %.7989 = fcmp nsz contract uge double %.79643011, 0xBEB0C6F7A0B5ED8D
  %or.cond3109.not = select i1 %.7989, i1 true, i1 %"$phi5156.1.2.6"
  br i1 %or.cond3109.not, label %B5180, label %B5550.endif.endif

B5180:                                            ; preds = %B5156
  %spec.select3110 = select i1 %"$phi5156.1.2.6", i64 24, i64 3
  %98 = add nuw nsw i64 %spec.select3110, 1
  br label %B5268

B5268:                                            ; preds = %B5392, %B5180
  %lsr.iv1463 = phi i64 [ %lsr.iv.next1464, %B5392 ], [ %98, %B5180 ]
  %a.2.7 = phi double [ %to_col.4.5, %B5180 ], [ %a.3.8, %B5392 ]
  %b.2.7 = phi double [ %to_row.4.5, %B5180 ], [ %b.3.8, %B5392 ]
  %i.2.7 = phi i64 [ %row.5.5, %B5180 ], [ %i.3.8, %B5392 ]
  %j.2.7 = phi i64 [ %col.5.5, %B5180 ], [ %j.3.8, %B5392 ]
  %lsr.iv.next1464 = add nsw i64 %lsr.iv1463, -1
  %exitcond5605.not = icmp eq i64 %lsr.iv.next1464, 0
  br i1 %exitcond5605.not, label %B5448, label %B5270

B5270:                                            ; preds = %B5268
  %.8203 = fcmp nsz contract ugt double %a.2.7, %b.2.7
  br i1 %.8203, label %B5306, label %B5284

B5284:                                            ; preds = %B5270
  %.8219 = fadd nsz contract double %.3810, %a.2.7
  %.8227 = add nsw i64 %j.2.7, %"$phi2148.1.2.2"
  br label %B5326

B5306:                                            ; preds = %B5270
  %.8246 = fadd nsz contract double %.3844, %b.2.7
  %.8253 = add nsw i64 %i.2.7, %"$phi2148.2.2.2"
  br label %B5326

B5326:                                            ; preds = %B5306, %B5284
  %b.3.8 = phi double [ %b.2.7, %B5284 ], [ %.8246, %B5306 ]
  %i.3.8 = phi i64 [ %i.2.7, %B5284 ], [ %.8253, %B5306 ]
  %a.3.8 = phi double [ %.8219, %B5284 ], [ %a.2.7, %B5306 ]
  %j.3.8 = phi i64 [ %.8227, %B5284 ], [ %j.2.7, %B5306 ]
  %.8260 = icmp sgt i64 %i.3.8, -1
  %.8268 = icmp slt i64 %i.3.8, %arg.height.5.0
  %or.cond3131 = select i1 %.8260, i1 %.8268, i1 false
  br i1 %or.cond3131, label %B5358, label %B5448

B5358:                                            ; preds = %B5326
  %.8287 = icmp sgt i64 %j.3.8, -1
  %.8295 = icmp slt i64 %j.3.8, %arg.height.5.1
  %or.cond3111 = select i1 %.8287, i1 %.8295, i1 false
  br i1 %or.cond3111, label %B5392, label %B5448

B5392:                                            ; preds = %B5358
  %.8387 = mul i64 %i.3.8, %arg.height.5.1
  %99 = getelementptr float, ptr %arg.height.4, i64 %.8387
  %.8391 = getelementptr float, ptr %99, i64 %j.3.8
  %.8392 = load float, ptr %.8391, align 4
  %.8397 = fcmp nsz contract ugt float %.8392, 0.000000e+00
  br i1 %.8397, label %B5268, label %B5434

B5434:                                            ; preds = %B5392
  %.8472 = add nuw nsw i64 %spec.select3110, 1
  br label %B2544.outer

B5448:                                            ; preds = %B5358, %B5326, %B5268
  %100 = fcmp ole double %to_col.2.3, %to_row.2.3
  %"$phi5524.1.2.63038" = select i1 %100, double %.7744, double 0.000000e+00
  %"$phi5524.2.2.6" = select i1 %100, double 0.000000e+00, double %.7760
  %.8517 = fmul nsz contract double %.3677, %"$phi5524.1.2.63038"
  %.8519 = fmul nsz contract double %.3679, %"$phi5524.2.2.6"
  %.8520 = fadd nsz contract double %.8517, %.8519
  br label %B5550.endif.endif

B6038:                                            ; preds = %B5786.endif
  %.9121 = add nsw i64 %waiting.5.3, 1
  %.9123 = icmp sgt i64 %waiting.5.3, 509
  br i1 %.9123, label %B6072.endif.endif, label %B6180

B6180:                                            ; preds = %B6038
  br i1 %or.cond3109.not, label %B6362.endif, label %B6188.endif.endif.endif

B6652:                                            ; preds = %B6652.preheader1383, %B6652
  %.1008036603662 = phi i64 [ %.10087.3, %B6652 ], [ %.1008036603662.unr, %B6652.preheader1383 ]
  %101 = shl i64 %.1008036603662, 3
  %scevgep1496 = getelementptr i8, ptr %scevgep1490, i64 %101
  %scevgep1497 = getelementptr i8, ptr %scevgep1496, i64 -24
  %.10166 = load double, ptr %scevgep1497, align 8
  %102 = shl i64 %.1008036603662, 3
  %scevgep1488 = getelementptr i8, ptr %scevgep1482, i64 %102
  %scevgep1489 = getelementptr i8, ptr %scevgep1488, i64 -24
  store double %.10166, ptr %scevgep1489, align 8
  %scevgep1494 = getelementptr i8, ptr %scevgep1490, i64 %102
  %scevgep1495 = getelementptr i8, ptr %scevgep1494, i64 -16
  %.10166.1 = load double, ptr %scevgep1495, align 8
  %103 = shl i64 %.1008036603662, 3
  %scevgep1486 = getelementptr i8, ptr %scevgep1482, i64 %103
  %scevgep1487 = getelementptr i8, ptr %scevgep1486, i64 -16
  store double %.10166.1, ptr %scevgep1487, align 8
  %scevgep1492 = getelementptr i8, ptr %scevgep1490, i64 %103
  %scevgep1493 = getelementptr i8, ptr %scevgep1492, i64 -8
  %.10166.2 = load double, ptr %scevgep1493, align 8
  %104 = shl i64 %.1008036603662, 3
  %scevgep1484 = getelementptr i8, ptr %scevgep1482, i64 %104
  %scevgep1485 = getelementptr i8, ptr %scevgep1484, i64 -8
  store double %.10166.2, ptr %scevgep1485, align 8
  %.10087.3 = add nuw nsw i64 %.1008036603662, 4
  %105 = shl i64 %.1008036603662, 3
  %scevgep1491 = getelementptr i8, ptr %scevgep1490, i64 %105
  %.10166.3 = load double, ptr %scevgep1491, align 8
  %106 = shl i64 %.1008036603662, 3
  %scevgep1483 = getelementptr i8, ptr %scevgep1482, i64 %106
  store double %.10166.3, ptr %scevgep1483, align 8
  %exitcond5606.not.3 = icmp eq i64 %.5.i541, %.10087.3
  br i1 %exitcond5606.not.3, label %B6708.endif.endif, label %B6652

B6804:                                            ; preds = %B6804.preheader1382, %B6804
  %.1039336673669 = phi i64 [ %.10400.3, %B6804 ], [ %.1039336673669.unr, %B6804.preheader1382 ]
  %107 = shl i64 %.1039336673669, 3
  %scevgep1523 = getelementptr i8, ptr %scevgep1450, i64 %107
  %scevgep1524 = getelementptr i8, ptr %scevgep1523, i64 -24
  %.10478 = load double, ptr %scevgep1524, align 8
  %108 = shl i64 %.1039336673669, 3
  %scevgep1516 = getelementptr i8, ptr %scevgep1512, i64 %108
  %scevgep1517 = getelementptr i8, ptr %scevgep1516, i64 -24
  store double %.10478, ptr %scevgep1517, align 8
  %scevgep1525 = getelementptr i8, ptr %scevgep1450, i64 %108
  %scevgep1526 = getelementptr i8, ptr %scevgep1525, i64 -16
  %.10478.1 = load double, ptr %scevgep1526, align 8
  %109 = shl i64 %.1039336673669, 3
  %scevgep1518 = getelementptr i8, ptr %scevgep1512, i64 %109
  %scevgep1519 = getelementptr i8, ptr %scevgep1518, i64 -16
  store double %.10478.1, ptr %scevgep1519, align 8
  %scevgep1521 = getelementptr i8, ptr %scevgep1450, i64 %109
  %scevgep1522 = getelementptr i8, ptr %scevgep1521, i64 -8
  %.10478.2 = load double, ptr %scevgep1522, align 8
  %110 = shl i64 %.1039336673669, 3
  %scevgep1514 = getelementptr i8, ptr %scevgep1512, i64 %110
  %scevgep1515 = getelementptr i8, ptr %scevgep1514, i64 -8
  store double %.10478.2, ptr %scevgep1515, align 8
  %.10400.3 = add nuw nsw i64 %.1039336673669, 4
  %scevgep1520 = getelementptr i8, ptr %scevgep1450, i64 %110
  %.10478.3 = load double, ptr %scevgep1520, align 8
  %111 = shl i64 %.1039336673669, 3
  %scevgep1513 = getelementptr i8, ptr %scevgep1512, i64 %111
  store double %.10478.3, ptr %scevgep1513, align 8
  %exitcond5607.not.3 = icmp eq i64 %storemerge3122, %.10400.3
  br i1 %exitcond5607.not.3, label %B6848, label %B6804

B6848:                                            ; preds = %B6804.prol.loopexit, %middle.block, %B6708.endif.endif, %B6804
  %gep3675 = getelementptr double, ptr %invariant.gep3674, i64 %.9495
  %112 = getelementptr i8, ptr %gep3675, i64 72
  %.10593 = getelementptr double, ptr %112, i64 %.10571
  %.10594 = sitofp i64 %.5.i576 to double
  store double %.10594, ptr %.10593, align 8
  br label %B6878.endif

B6928:                                            ; preds = %B6878.endif, %B4746.endif.endif, %B4560.endif.endif, %B4114.endif.endif, %B3892.endif.endif.endif
  %waiting.4.2 = phi i64 [ %waiting.5.3, %B4560.endif.endif ], [ %waiting.5.3, %B4114.endif.endif ], [ %waiting.6.2.ph, %B4746.endif.endif ], [ %waiting.7.5, %B6878.endif ], [ %waiting.5.3, %B3892.endif.endif.endif ]
  %.10765 = icmp sgt i64 %waiting.4.2, 0
  br i1 %.10765, label %B1434.endif.endif, label %B302.loopexit

common.ret:                                       ; preds = %B302.loopexit, %B0.else.if
  store ptr null, ptr %retptr, align 8
  ret i32 0

B6948:                                            ; preds = %B250.i, %B198.i, %B152.i, %B1302, %B1270, %B1104
  %exitcond.not900 = icmp eq i64 %179, %.2230
  br i1 %exitcond.not900, label %B1416, label %B1104

B6949:                                            ; preds = %B2860.endif.endif, %B3654
  %"$phi2960.2.2.6.1" = fdiv nsz contract double %.4909, %.4762
  %.4936.1 = fcmp nsz contract ole double %low.6.3, %"$phi2960.2.2.6.1"
  %.4944.1 = fcmp nsz contract ole double %"$phi2960.2.2.6.1", %.2911
  %or.cond3098.1 = select i1 %.4936.1, i1 %.4944.1, i1 false
  br i1 %or.cond3098.1, label %B2996.endif.endif.1, label %B3840

B2996.endif.endif.1:                              ; preds = %B6949
  %113 = icmp slt i64 %.5.i541, 1
  %.4959.1 = tail call nsz contract double @atan(double %"$phi2960.2.2.6.1")
  %.4963.1 = fdiv nsz contract double %.4959.1, 0x400921FB54442D18
  %.4964.1 = fadd nsz contract double %.4963.1, 5.000000e-01
  %.4968.1 = fmul nsz contract double %.4964.1, %.4967
  %.4969.1 = fadd nsz contract double %.4968.1, 5.000000e-01
  %.5.i590 = fptosi double %.4969.1 to i64
  %.5026.1 = icmp slt i64 %.5.i590, 0
  %.5027.1 = select i1 %.5026.1, i64 %arg.pattern.5.1, i64 0
  %114 = getelementptr double, ptr %35, i64 %.5.i590
  %.5049.1 = getelementptr double, ptr %114, i64 %.5027.1
  %.5050.1 = load double, ptr %.5049.1, align 8
  %.5054.1 = fmul nsz contract double %wide.2.1, %.5050.1
  %.5058.1 = fmul nsz contract double %.5057, %.5054.1
  %.5062.1 = fmul nsz contract double %.5061, %.5058.1
  %.5064.1 = fmul nsz contract double %arg.cell_m, %.5062.1
  %.5073.1 = fadd nsz contract double %.5070.1, %.5067
  %.5077.1 = fdiv nsz contract double %.5064.1, %.5073.1
  br i1 %113, label %B3376.1, label %B3224.lr.ph.1

B3224.lr.ph.1:                                    ; preds = %B2996.endif.endif.1
  %115 = icmp slt i64 %.5.i590, 0
  %116 = icmp eq i64 %57, 0
  %invariant.gep.1 = getelementptr double, ptr %arg.walls.4, i64 %.5.i590
  %.5307.1 = select i1 %115, i64 %arg.walls.5.1, i64 0
  %invariant.gep3619.1 = getelementptr double, ptr %invariant.gep.1, i64 %.5307.1
  br i1 %116, label %B3224.endif.1.epil.preheader, label %B3224.endif.1.preheader

B3224.endif.1.preheader:                          ; preds = %B3224.lr.ph.1
  br label %B3224.endif.1

B3224.endif.1:                                    ; preds = %B3224.endif.1, %B3224.endif.1.preheader
  %power.5.83615.1 = phi double [ %.5334.1.1, %B3224.endif.1 ], [ %.5077.1, %B3224.endif.1.preheader ]
  %.516736113613.1 = phi i64 [ %.5174.1.1, %B3224.endif.1 ], [ 0, %B3224.endif.1.preheader ]
  %117 = shl i64 %.516736113613.1, 3
  %scevgep1457 = getelementptr i8, ptr %scevgep1455, i64 %117
  %scevgep1458 = getelementptr i8, ptr %scevgep1457, i64 -8
  %.5253.1 = load double, ptr %scevgep1458, align 8
  %.5.i591 = fptosi double %.5253.1 to i64
  %.5303.1 = icmp slt i64 %.5.i591, 0
  %.5304.1 = select i1 %.5303.1, i64 %arg.walls.5.0, i64 0
  %.5305.1 = add i64 %.5304.1, %.5.i591
  %.5325.1 = mul i64 %.5305.1, %arg.walls.5.1
  %gep3620.1 = getelementptr double, ptr %invariant.gep3619.1, i64 %.5325.1
  %.5330.1 = load double, ptr %gep3620.1, align 8
  %.5334.1 = fmul nsz contract double %power.5.83615.1, %.5330.1
  %118 = shl i64 %.516736113613.1, 3
  %scevgep1456 = getelementptr i8, ptr %scevgep1455, i64 %118
  %.5253.1.1 = load double, ptr %scevgep1456, align 8
  %.5.i591.1 = fptosi double %.5253.1.1 to i64
  %.5174.1.1 = add nuw i64 %.516736113613.1, 2
  %.5303.1.1 = icmp slt i64 %.5.i591.1, 0
  %.5304.1.1 = select i1 %.5303.1.1, i64 %arg.walls.5.0, i64 0
  %.5305.1.1 = add i64 %.5304.1.1, %.5.i591.1
  %.5325.1.1 = mul i64 %.5305.1.1, %arg.walls.5.1
  %gep3620.1.1 = getelementptr double, ptr %invariant.gep3619.1, i64 %.5325.1.1
  %.5330.1.1 = load double, ptr %gep3620.1.1, align 8
  %.5334.1.1 = fmul nsz contract double %.5334.1, %.5330.1.1
  %niter1267.ncmp.1 = icmp eq i64 %unroll_iter, %.5174.1.1
  br i1 %niter1267.ncmp.1, label %B3376.1.loopexit.unr-lcssa, label %B3224.endif.1

B3376.1.loopexit.unr-lcssa:                       ; preds = %B3224.endif.1
  %119 = and i64 %.5.i541, 1
  %120 = icmp eq i64 %119, 0
  br i1 %120, label %B3376.1, label %B3224.endif.1.epil.preheader

B3224.endif.1.epil.preheader:                     ; preds = %B3376.1.loopexit.unr-lcssa, %B3224.lr.ph.1
  %power.5.83615.1.epil.init = phi double [ %.5077.1, %B3224.lr.ph.1 ], [ %.5334.1.1, %B3376.1.loopexit.unr-lcssa ]
  %.516736113613.1.epil.init = phi i64 [ 0, %B3224.lr.ph.1 ], [ %.5174.1.1, %B3376.1.loopexit.unr-lcssa ]
  %121 = getelementptr double, ptr %0, i64 %.516736113613.1.epil.init
  %122 = getelementptr i8, ptr %121, i64 72
  %.5253.1.epil = load double, ptr %122, align 8
  %.5.i591.epil = fptosi double %.5253.1.epil to i64
  %.5303.1.epil = icmp slt i64 %.5.i591.epil, 0
  %.5304.1.epil = select i1 %.5303.1.epil, i64 %arg.walls.5.0, i64 0
  %.5305.1.epil = add i64 %.5304.1.epil, %.5.i591.epil
  %.5325.1.epil = mul i64 %.5305.1.epil, %arg.walls.5.1
  %gep3620.1.epil = getelementptr double, ptr %invariant.gep3619.1, i64 %.5325.1.epil
  %.5330.1.epil = load double, ptr %gep3620.1.epil, align 8
  %.5334.1.epil = fmul nsz contract double %power.5.83615.1.epil.init, %.5330.1.epil
  br label %B3376.1

B3376.1:                                          ; preds = %B3224.endif.1.epil.preheader, %B3376.1.loopexit.unr-lcssa, %B2996.endif.endif.1
  %power.5.8.lcssa.1 = phi double [ %.5077.1, %B2996.endif.endif.1 ], [ %.5334.1.1, %B3376.1.loopexit.unr-lcssa ], [ %.5334.1.epil, %B3224.endif.1.epil.preheader ]
  %123 = icmp slt i64 %.5.i590, 0
  %124 = fcmp ogt double %since.2.1, 0.000000e+00
  %.5393.1 = select i1 %123, i64 %arg.ground.5.0, i64 0
  %125 = getelementptr double, ptr %arg.ground.4, i64 %.5.i590
  %.5407.1 = getelementptr double, ptr %125, i64 %.5393.1
  %.5408.1 = load double, ptr %.5407.1, align 8
  %.5412.1 = fmul nsz contract double %power.5.8.lcssa.1, %.5408.1
  br i1 %124, label %B3388.1, label %B3516.1

B3388.1:                                          ; preds = %B3376.1
  %.5445.1 = tail call nsz contract double @sqrt(double %.5444)
  %.5447.1 = fmul nsz contract double %bend.2.1, %.5445.1
  %.8.i592 = fcmp nsz contract ugt double %.5447.1, -7.800000e-01
  br i1 %.8.i592, label %B20.i594, label %B3388.endif.endif.1

B20.i594:                                         ; preds = %B3388.1
  %.15.i595 = fadd nsz contract double %.5447.1, -1.000000e-01
  %.147.i.i596 = fmul nsz contract double %.15.i595, %.15.i595
  %.42.i597 = fadd nsz contract double %.147.i.i596, 1.000000e+00
  %sqrt.i598 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i597)
  %.45.i599 = fadd nsz contract double %.5447.1, %sqrt.i598
  %.48.i600 = fadd nsz contract double %.45.i599, -1.000000e-01
  %.49.i601 = tail call nsz contract double @llvm.log10.f64(double %.48.i600)
  %.50.i602 = fmul nsz contract double %.49.i601, 2.000000e+01
  %.51.i603 = fadd nsz contract double %.50.i602, 6.900000e+00
  %126 = fmul nsz contract double %.51.i603, -1.000000e-01
  %127 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %126)
  br label %B3388.endif.endif.1

B3388.endif.endif.1:                              ; preds = %B20.i594, %B3388.1
  %storemerge.i593 = phi double [ %127, %B20.i594 ], [ 1.000000e+00, %B3388.1 ]
  %.5476.1 = fmul nsz contract double %.5412.1, %storemerge.i593
  br label %B3516.1

B3516.1:                                          ; preds = %B3388.endif.endif.1, %B3376.1
  %power.7.8.1 = phi double [ %.5476.1, %B3388.endif.endif.1 ], [ %.5412.1, %B3376.1 ]
  %kind.2.8.1 = phi i64 [ %.5483, %B3388.endif.endif.1 ], [ %.5365.1, %B3376.1 ]
  %.5546.1 = load double, ptr %1, align 8
  %.5547.1 = fcmp nsz contract ogt double %.5546.1, 0.000000e+00
  br i1 %.5547.1, label %B3554.1, label %B3654.1

B3554.1:                                          ; preds = %B3516.1
  %.5.i.i608 = fptosi double %.5546.1 to i64
  %.199160.not.i609 = icmp slt i64 %.5.i.i608, 1
  br i1 %.199160.not.i609, label %B3554.endif.endif.1, label %B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader

B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader: ; preds = %B3554.1
  br label %B82.endif.endif.endif.endif.endif.endif.endif.i610

B82.endif.endif.endif.endif.endif.endif.endif.i610: ; preds = %B82.endif.endif.endif.endif.endif.endif.endif.i610, %B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader
  %lsr.iv1459 = phi ptr [ %scevgep1450, %B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader ], [ %scevgep1460, %B82.endif.endif.endif.endif.endif.endif.endif.i610 ]
  %lsr.iv25.i611 = phi i64 [ %lsr.iv.next.i638, %B82.endif.endif.endif.endif.endif.endif.endif.i610 ], [ %.5.i.i608, %B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader ]
  %total.2.0163.i613 = phi double [ %.568.i637, %B82.endif.endif.endif.endif.endif.endif.endif.i610 ], [ 0.000000e+00, %B82.endif.endif.endif.endif.endif.endif.endif.i610.preheader ]
  %scevgep1462 = getelementptr i8, ptr %lsr.iv1459, i64 -16
  %.293.i616 = load double, ptr %scevgep1462, align 8
  %scevgep1461 = getelementptr i8, ptr %lsr.iv1459, i64 -8
  %.350.i618 = load double, ptr %scevgep1461, align 8
  %.407.i619 = load double, ptr %lsr.iv1459, align 8
  %128 = fadd nsz contract double %arg.tz, %.407.i619
  %.410.i620 = fneg nsz contract double %128
  %.415.i621 = fdiv nsz contract double %.410.i620, %"$phi2960.2.2.6.1"
  %.417.i622 = fsub nsz contract double %.407.i619, %arg.tz
  %.422.i623 = fdiv nsz contract double %.417.i622, %"$phi2960.2.2.6.1"
  %.12.i.i624 = fcmp nsz contract ogt double %.422.i623, %.415.i621
  %.13.i.i625 = select i1 %.12.i.i624, double %.422.i623, double %.415.i621
  %.16.i.i626 = fcmp nsz contract olt double %.4762, %.350.i618
  %.17.i.i627 = select i1 %.16.i.i626, double %.4762, double %.350.i618
  %.18.i.i628 = fcmp nsz contract olt double %.13.i.i625, %.17.i.i627
  %.19.i.i629 = select i1 %.18.i.i628, double %.13.i.i625, double %.17.i.i627
  %.12.i16.i630 = fcmp nsz contract olt double %.422.i623, %.415.i621
  %.13.i17.i631 = select i1 %.12.i16.i630, double %.422.i623, double %.415.i621
  %.12.i18.i632 = fcmp nsz contract ogt double %.13.i17.i631, %.293.i616
  %.13.i19.i633 = select i1 %.12.i18.i632, double %.13.i17.i631, double %.293.i616
  %.538.i634 = fsub nsz contract double %.19.i.i629, %.13.i19.i633
  %.12.i20.i635 = fcmp nsz contract olt double %.538.i634, 0.000000e+00
  %.13.i21.i636 = select i1 %.12.i20.i635, double 0.000000e+00, double %.538.i634
  %.568.i637 = fadd nsz contract double %total.2.0163.i613, %.13.i21.i636
  %lsr.iv.next.i638 = add i64 %lsr.iv25.i611, -1
  %scevgep1460 = getelementptr i8, ptr %lsr.iv1459, i64 24
  %exitcond.not.i639 = icmp eq i64 %lsr.iv.next.i638, 0
  br i1 %exitcond.not.i639, label %B3554.endif.endif.1, label %B82.endif.endif.endif.endif.endif.endif.endif.i610

B3554.endif.endif.1:                              ; preds = %B82.endif.endif.endif.endif.endif.endif.endif.i610, %B3554.1
  %total.2.0.lcssa.i640 = phi double [ 0.000000e+00, %B3554.1 ], [ %.568.i637, %B82.endif.endif.endif.endif.endif.endif.endif.i610 ]
  %.591.i641 = fmul nsz contract double %"$phi2960.2.2.6.1", %"$phi2960.2.2.6.1"
  %.594.i642 = fadd nsz contract double %.591.i641, 1.000000e+00
  %sqrt.i643 = tail call nsz contract double @llvm.sqrt.f64(double %.594.i642)
  %129 = fneg nsz contract double %total.2.0.lcssa.i640
  %.7.i = fmul nsz contract double %sqrt.i643, %129
  %.8.i646 = fmul nsz contract double %arg.gamma, %.7.i
  %.12.i647 = fdiv nsz contract double %.8.i646, %arg.limit
  %.13.i648 = tail call nsz contract double @llvm.exp.f64(double %.12.i647)
  %.14.i = fsub nsz contract double 1.000000e+00, %.13.i648
  %.15.i649 = fmul nsz contract double %arg.limit, %.14.i
  %.5611.1 = fmul nsz contract double %.15.i649, -1.000000e-01
  %.5612.1 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %.5611.1)
  %.5614.1 = fmul nsz contract double %power.7.8.1, %.5612.1
  br label %B3654.1

B3654.1:                                          ; preds = %B3554.endif.endif.1, %B3516.1
  %power.8.8.1 = phi double [ %.5614.1, %B3554.endif.endif.1 ], [ %power.7.8.1, %B3516.1 ]
  %.5661.1 = icmp slt i64 %kind.2.8.1, 0
  %.5662.1 = select i1 %.5661.1, i64 %arg.into.5.0, i64 0
  %.5663.1 = add i64 %.5662.1, %kind.2.8.1
  %.5693.1 = mul i64 %.5663.1, %.5691
  %gep3654.1 = getelementptr double, ptr %invariant.gep3653, i64 %.5693.1
  %.5700.1 = load double, ptr %gep3654.1, align 8
  %.5702.1 = fadd nsz contract double %power.8.8.1, %.5700.1
  store double %.5702.1, ptr %gep3654.1, align 8
  %sunkaddr1551 = mul i64 %.4475, 8
  %sunkaddr1552 = getelementptr i8, ptr %223, i64 %sunkaddr1551
  %.5846.1 = load double, ptr %sunkaddr1552, align 8
  %.5848.1 = fadd nsz contract double %power.8.8.1, %.5846.1
  store double %.5848.1, ptr %sunkaddr1552, align 8
  %sunkaddr1553 = mul i64 %.4475, 8
  %sunkaddr1554 = getelementptr i8, ptr %224, i64 %sunkaddr1553
  %.5994.1 = load double, ptr %sunkaddr1554, align 8
  %.5997.1 = fmul nsz contract double %.3677, %power.8.8.1
  %.5998.1 = fsub nsz contract double %.5994.1, %.5997.1
  store double %.5998.1, ptr %sunkaddr1554, align 8
  %sunkaddr1555 = mul i64 %.4475, 8
  %sunkaddr1556 = getelementptr i8, ptr %225, i64 %sunkaddr1555
  %.6145.1 = load double, ptr %sunkaddr1556, align 8
  %.6148.1 = fmul nsz contract double %.3679, %power.8.8.1
  %.6151.1 = fadd nsz contract double %.6148.1, %.6145.1
  store double %.6151.1, ptr %sunkaddr1556, align 8
  br label %B3840

B318.else.if:                                     ; preds = %B318
  %.620 = sub nsw i64 %.514.0, %arg.azimuths
  %130 = or i64 %.620, %arg.bent
  %131 = and i64 %130, -4294967296
  %132 = icmp eq i64 %131, 0
  br i1 %132, label %133, label %140

133:                                              ; preds = %B318.else.if
  %134 = trunc i64 %arg.bent to i32
  %135 = trunc i64 %.620 to i32
  %136 = udiv i32 %135, %134
  %137 = urem i32 %135, %134
  %138 = zext i32 %136 to i64
  %139 = zext i32 %137 to i64
  br label %143

140:                                              ; preds = %B318.else.if
  %141 = sdiv i64 %.620, %arg.bent
  %142 = srem i64 %.620, %arg.bent
  br label %143

143:                                              ; preds = %140, %133
  %144 = phi i64 [ %138, %133 ], [ %141, %140 ]
  %145 = phi i64 [ %139, %133 ], [ %142, %140 ]
  %.642 = xor i64 %145, %arg.bent
  %.643 = icmp slt i64 %.642, 0
  %.644 = icmp ne i64 %145, 0
  %.645 = and i1 %.644, %.643
  %.650 = sext i1 %.645 to i64
  %.629.1 = add i64 %144, %.650
  %.676 = icmp slt i64 %.629.1, 0
  br i1 %.676, label %B350, label %B482.else

B350.endif.else.if:                               ; preds = %B350
  %146 = or i64 %.729, %arg.azimuths
  %147 = and i64 %146, -4294967296
  %148 = icmp eq i64 %147, 0
  br i1 %148, label %149, label %156

149:                                              ; preds = %B350.endif.else.if
  %150 = trunc i64 %arg.azimuths to i32
  %151 = trunc i64 %.729 to i32
  %152 = udiv i32 %151, %150
  %153 = urem i32 %151, %150
  %154 = zext i32 %152 to i64
  %155 = zext i32 %153 to i64
  br label %159

156:                                              ; preds = %B350.endif.else.if
  %157 = sdiv i64 %.729, %arg.azimuths
  %158 = srem i64 %.729, %arg.azimuths
  br label %159

159:                                              ; preds = %156, %149
  %160 = phi i64 [ %154, %149 ], [ %157, %156 ]
  %161 = phi i64 [ %155, %149 ], [ %158, %156 ]
  %.753 = xor i64 %161, %arg.azimuths
  %.754 = icmp slt i64 %.753, 0
  %.755 = icmp ne i64 %161, 0
  %.756 = and i1 %.755, %.754
  %.761 = sext i1 %.756 to i64
  %spec.select3114 = add i64 %160, %.761
  br label %B896

B482.else:                                        ; preds = %143
  %162 = icmp ne i64 %arg.bent, -1
  %.932 = mul i64 %.629.1, %arg.sources.5.1
  %163 = getelementptr double, ptr %arg.sources.4, i64 %.932
  %.936 = getelementptr i8, ptr %163, i64 40
  %.937 = load double, ptr %.936, align 8
  %const_mat1528 = add i64 %const, 4
  %.957 = icmp ne i64 %.620, %const_mat1528
  %.959.not = or i1 %162, %.957
  br i1 %.959.not, label %B482.else.if, label %B482.endif.endif.endif.endif

B482.else.if:                                     ; preds = %B482.else
  %.974 = select i1 %.645, i64 %arg.bent, i64 0
  %.954.1 = add i64 %.974, %145
  %.984 = sitofp i64 %.954.1 to double
  %.985 = fadd nsz contract double %.984, 5.000000e-01
  %.986 = fmul nsz contract double %.985, 0x401921FB54442D18
  br label %B482.endif.endif.endif.endif

B482.endif.endif.endif.endif:                     ; preds = %B482.else.if, %B482.else, %B482.thread
  %.9375614 = phi double [ %.9375612, %B482.thread ], [ %.937, %B482.else.if ], [ %.937, %B482.else ]
  %164 = phi ptr [ %arg.sources.4, %B482.thread ], [ %163, %B482.else.if ], [ %163, %B482.else ]
  %quot.1.029175613 = phi i64 [ 0, %B482.thread ], [ %.629.1, %B482.else.if ], [ %.629.1, %B482.else ]
  %.9883052 = phi double [ %.9843045, %B482.thread ], [ %.9883061, %B482.else.if ], [ %.9883061, %B482.else ]
  %.9863050 = phi double [ %.9863047, %B482.thread ], [ %.986, %B482.else.if ], [ 0x400921FB54442D18, %B482.else ]
  %.992 = fdiv nsz contract double %.9863050, %.9883052
  %.1049 = load double, ptr %164, align 8
  %.1103 = getelementptr i8, ptr %164, i64 8
  %.1104 = load double, ptr %.1103, align 8
  %.1158 = getelementptr i8, ptr %164, i64 16
  %.1159 = load double, ptr %.1158, align 8
  %.1213 = getelementptr i8, ptr %164, i64 24
  %.1214 = load double, ptr %.1213, align 8
  %.1268 = getelementptr i8, ptr %164, i64 32
  %.1269 = load double, ptr %.1268, align 8
  %.1310 = fsub nsz contract double %.992, %.9375614
  %.1312 = fadd nsz contract double %.1310, 0x400921FB54442D18
  %.11.i650 = frem nsz contract double %.1312, 0x401921FB54442D18
  %.16.i = fcmp nsz contract une double %.11.i650, 0.000000e+00
  br i1 %.16.i, label %entry.if.i, label %entry.endif.i

entry.if.i:                                       ; preds = %B482.endif.endif.endif.endif
  %.18.i = fcmp nsz contract olt double %.11.i650, 0.000000e+00
  br i1 %.18.i, label %entry.if.if.i, label %entry.endif.i

entry.endif.i:                                    ; preds = %entry.if.if.i, %entry.if.i, %B482.endif.endif.endif.endif
  %.5.1.i = phi double [ %.11.i650, %entry.if.i ], [ %.24.i, %entry.if.if.i ], [ 0.000000e+00, %B482.endif.endif.endif.endif ]
  %165 = icmp ne i64 %arg.pattern.5.0, -1
  %166 = icmp ne i64 %arg.pattern.5.0, 0
  %.1328 = fadd nsz contract double %.5.1.i, 0xC00921FB54442D18
  %.1329 = tail call nsz contract double @llvm.fabs.f64(double %.1328)
  %.1383 = getelementptr i8, ptr %164, i64 48
  %.1384 = load double, ptr %.1383, align 8
  %.1385 = fmul nsz contract double %.1384, %.1329
  %.1391 = fdiv nsz contract double %.9375614, 0x401921FB54442D18
  %.1408 = fmul nsz contract double %.1391, %.1407
  %.1409 = tail call nsz contract double @llvm.floor.f64(double %.1408)
  %.1410 = fptosi double %.1409 to i64
  %const_mat1529 = add i64 %const, 4
  %.1439 = icmp ne i64 %.1410, %const_mat1529
  %.1441.not = or i1 %165, %.1439
  %or.cond4326 = select i1 %166, i1 %.1441.not, i1 false
  br i1 %or.cond4326, label %B482.endif.endif.endif.endif.else.if, label %B482.endif.endif.endif.endif.endif

entry.if.if.i:                                    ; preds = %entry.if.i
  %.24.i = fadd nsz contract double %.11.i650, 0x401921FB54442D18
  br label %entry.endif.i

B482.endif.endif.endif.endif.endif:               ; preds = %177, %entry.endif.i
  %rem.4.0 = phi i64 [ 0, %entry.endif.i ], [ %spec.select3115, %177 ]
  %.1475 = fdiv nsz contract double %.1470, %.9883052
  br label %B896

B482.endif.endif.endif.endif.else.if:             ; preds = %entry.endif.i
  %167 = or i64 %.1410, %arg.pattern.5.0
  %168 = and i64 %167, -4294967296
  %169 = icmp eq i64 %168, 0
  br i1 %169, label %170, label %175

170:                                              ; preds = %B482.endif.endif.endif.endif.else.if
  %171 = trunc i64 %arg.pattern.5.0 to i32
  %172 = trunc i64 %.1410 to i32
  %173 = urem i32 %172, %171
  %174 = zext i32 %173 to i64
  br label %177

175:                                              ; preds = %B482.endif.endif.endif.endif.else.if
  %176 = srem i64 %.1410, %arg.pattern.5.0
  br label %177

177:                                              ; preds = %175, %170
  %178 = phi i64 [ %174, %170 ], [ %176, %175 ]
  %.1446 = xor i64 %178, %arg.pattern.5.0
  %.1447 = icmp slt i64 %.1446, 0
  %.1448 = icmp ne i64 %178, 0
  %.1449 = and i1 %.1448, %.1447
  %.1456 = select i1 %.1449, i64 %arg.pattern.5.0, i64 0
  %spec.select3115 = add i64 %.1456, %178
  br label %B482.endif.endif.endif.endif.endif

B1024.endif.endif.endif:                          ; preds = %B896
  %.2103 = fmul nsz contract double %since.2.1, 4.000000e+00
  %.2108 = fdiv nsz contract double %.2103, %arg.cell_m
  %.5.i = fptosi double %.2108 to i64
  %.22173592.not = icmp slt i64 %.5.i, 0
  br i1 %.22173592.not, label %B1416, label %B1104.lr.ph

B1104.lr.ph:                                      ; preds = %B1024.endif.endif.endif
  %.2133 = add nuw nsw i64 %.5.i, 1
  %.2262 = uitofp nneg i64 %.2133 to double
  %.2269 = fsub nsz contract double %y.3.1, %arg.ty
  %.2277 = fsub nsz contract double %x.3.1, %arg.tx
  %179 = add i64 %.5.i, 1
  br label %B1104

B1434.endif.endif:                                ; preds = %B6928, %B1416
  %waiting.3.1 = phi i64 [ 1, %B1416 ], [ %waiting.4.2, %B6928 ]
  %.2536 = add nsw i64 %waiting.3.1, -1
  %.2595 = mul i64 %.2536, %arg.stack.5.1
  %.2599 = getelementptr double, ptr %arg.stack.4, i64 %.2595
  %.2600 = load double, ptr %.2599, align 8
  %.2654 = getelementptr i8, ptr %.2599, i64 8
  %.2655 = load double, ptr %.2654, align 8
  %.2709 = getelementptr i8, ptr %.2599, i64 16
  %.2710 = load double, ptr %.2709, align 8
  %.2764 = getelementptr i8, ptr %.2599, i64 24
  %.2765 = load double, ptr %.2764, align 8
  %.2855 = getelementptr i8, ptr %.2599, i64 32
  %.2856 = load double, ptr %.2855, align 8
  %.2910 = getelementptr i8, ptr %.2599, i64 40
  %.2911 = load double, ptr %.2910, align 8
  %.2965 = getelementptr i8, ptr %.2599, i64 48
  %.2966 = load double, ptr %.2965, align 8
  %.3029 = getelementptr i8, ptr %.2599, i64 56
  %.3030 = load double, ptr %.3029, align 8
  %.5.i541 = fptosi double %.3030 to i64
  %.3108 = getelementptr i8, ptr %.2599, i64 64
  %.3109 = load double, ptr %.3108, align 8
  %.3154 = icmp sgt i64 %.5.i541, 0
  br i1 %.3154, label %B1692.preheader, label %B1748.endif.endif

B1692.preheader:                                  ; preds = %B1434.endif.endif
  %min.iters.check1119 = icmp ult i64 %.5.i541, 4
  br i1 %min.iters.check1119, label %B1692.preheader1134, label %vector.memcheck1116

vector.memcheck1116:                              ; preds = %B1692.preheader
  %180 = shl i64 %waiting.3.1, 3
  %181 = sub i64 4104, %180
  %182 = mul i64 %arg.stack.5.1, %181
  %diff.check1117 = icmp ult i64 %182, 32
  br i1 %diff.check1117, label %B1692.preheader1134, label %vector.ph1120

vector.ph1120:                                    ; preds = %vector.memcheck1116
  %n.vec1122 = and i64 %.5.i541, %const
  %183 = mul i64 %3, %.2536
  %scevgep1390 = getelementptr i8, ptr %scevgep1389, i64 %183
  br label %vector.body1123

vector.body1123:                                  ; preds = %vector.body1123, %vector.ph1120
  %index1124 = phi i64 [ 0, %vector.ph1120 ], [ %index.next1127, %vector.body1123 ]
  %184 = shl i64 %index1124, 3
  %scevgep1392 = getelementptr i8, ptr %scevgep1390, i64 %184
  %scevgep1393 = getelementptr i8, ptr %scevgep1392, i64 -16
  %185 = shl i64 %index1124, 3
  %scevgep1391 = getelementptr i8, ptr %scevgep1390, i64 %185
  %wide.load1125 = load <2 x double>, ptr %scevgep1393, align 8
  %wide.load1126 = load <2 x double>, ptr %scevgep1391, align 8
  %186 = shl i64 %index1124, 3
  %scevgep1387 = getelementptr i8, ptr %scevgep, i64 %186
  %scevgep1388 = getelementptr i8, ptr %scevgep1387, i64 -16
  %187 = shl i64 %index1124, 3
  %scevgep1386 = getelementptr i8, ptr %scevgep, i64 %187
  store <2 x double> %wide.load1125, ptr %scevgep1388, align 8
  store <2 x double> %wide.load1126, ptr %scevgep1386, align 8
  %index.next1127 = add nuw i64 %index1124, 4
  %188 = icmp eq i64 %n.vec1122, %index.next1127
  br i1 %188, label %middle.block1128, label %vector.body1123

middle.block1128:                                 ; preds = %vector.body1123
  %cmp.n1129 = icmp eq i64 %n.vec1122, %.5.i541
  br i1 %cmp.n1129, label %B1748.endif.endif, label %B1692.preheader1134

B1692.preheader1134:                              ; preds = %middle.block1128, %vector.memcheck1116, %B1692.preheader
  %.320235973599.ph = phi i64 [ 0, %vector.memcheck1116 ], [ 0, %B1692.preheader ], [ %n.vec1122, %middle.block1128 ]
  %xtraiter = and i64 %.5.i541, 3
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B1692.prol.loopexit, label %B1692.prol.preheader

B1692.prol.preheader:                             ; preds = %B1692.preheader1134
  %189 = mul i64 %5, %.2536
  %scevgep1397 = getelementptr i8, ptr %scevgep1396, i64 %189
  br label %B1692.prol

B1692.prol:                                       ; preds = %B1692.prol, %B1692.prol.preheader
  %lsr.iv = phi i64 [ %xtraiter, %B1692.prol.preheader ], [ %lsr.iv.next, %B1692.prol ]
  %.320235973599.prol = phi i64 [ %.3209.prol, %B1692.prol ], [ %.320235973599.ph, %B1692.prol.preheader ]
  %.3209.prol = add nuw nsw i64 %.320235973599.prol, 1
  %190 = shl i64 %.320235973599.prol, 3
  %scevgep1398 = getelementptr i8, ptr %scevgep1397, i64 %190
  %.3287.prol = load double, ptr %scevgep1398, align 8
  %191 = shl i64 %.320235973599.prol, 3
  %scevgep1395 = getelementptr i8, ptr %scevgep1394, i64 %191
  store double %.3287.prol, ptr %scevgep1395, align 8
  %lsr.iv.next = add nsw i64 %lsr.iv, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next, 0
  br i1 %prol.iter.cmp.not, label %B1692.prol.loopexit, label %B1692.prol

B1692.prol.loopexit:                              ; preds = %B1692.prol, %B1692.preheader1134
  %.320235973599.unr = phi i64 [ %.320235973599.ph, %B1692.preheader1134 ], [ %.3209.prol, %B1692.prol ]
  %192 = sub nsw i64 %.320235973599.ph, %.5.i541
  %193 = icmp ugt i64 %192, -4
  br i1 %193, label %B1748.endif.endif, label %B1692.preheader1385

B1692.preheader1385:                              ; preds = %B1692.prol.loopexit
  %194 = mul i64 %7, %.2536
  %scevgep1408 = getelementptr i8, ptr %scevgep1407, i64 %194
  br label %B1692

B1748.endif.endif:                                ; preds = %B1692.prol.loopexit, %middle.block1128, %B1434.endif.endif, %B1692
  %.3399 = mul i64 %.2536, %arg.trail.5.1
  %.3403 = getelementptr double, ptr %arg.trail.4, i64 %.3399
  %.3404 = load double, ptr %.3403, align 8
  %.5.i542 = fptosi double %.3404 to i64
  %.3468 = icmp slt i64 %.5.i542, 0
  %.3429 = mul nsw i64 %.5.i542, 3
  %.3430 = add nuw nsw i64 %.3429, 1
  %storemerge3120 = select i1 %.3468, i64 0, i64 %.3430
  %.35103605 = icmp sgt i64 %storemerge3120, 0
  br i1 %.35103605, label %B1834.preheader, label %B1878.endif

B1834.preheader:                                  ; preds = %B1748.endif.endif
  %min.iters.check1104 = icmp ult i64 %storemerge3120, 6
  br i1 %min.iters.check1104, label %B1834.preheader1133, label %vector.memcheck1101

vector.memcheck1101:                              ; preds = %B1834.preheader
  %195 = shl i64 %waiting.3.1, 3
  %196 = sub i64 4104, %195
  %197 = mul i64 %arg.trail.5.1, %196
  %diff.check1102 = icmp ult i64 %197, 32
  br i1 %diff.check1102, label %B1834.preheader1133, label %vector.ph1105

vector.ph1105:                                    ; preds = %vector.memcheck1101
  %n.vec1107 = and i64 %storemerge3120, %const
  %198 = mul i64 %9, %.2536
  %scevgep1421 = getelementptr i8, ptr %scevgep1420, i64 %198
  br label %vector.body1108

vector.body1108:                                  ; preds = %vector.body1108, %vector.ph1105
  %index1109 = phi i64 [ 0, %vector.ph1105 ], [ %index.next1112, %vector.body1108 ]
  %199 = shl i64 %index1109, 3
  %scevgep1423 = getelementptr i8, ptr %scevgep1421, i64 %199
  %scevgep1424 = getelementptr i8, ptr %scevgep1423, i64 -16
  %200 = shl i64 %index1109, 3
  %scevgep1422 = getelementptr i8, ptr %scevgep1421, i64 %200
  %wide.load1110 = load <2 x double>, ptr %scevgep1424, align 8
  %wide.load1111 = load <2 x double>, ptr %scevgep1422, align 8
  %201 = shl i64 %index1109, 3
  %scevgep1418 = getelementptr i8, ptr %scevgep1416, i64 %201
  %scevgep1419 = getelementptr i8, ptr %scevgep1418, i64 -16
  %202 = shl i64 %index1109, 3
  %scevgep1417 = getelementptr i8, ptr %scevgep1416, i64 %202
  store <2 x double> %wide.load1110, ptr %scevgep1419, align 8
  store <2 x double> %wide.load1111, ptr %scevgep1417, align 8
  %index.next1112 = add nuw i64 %index1109, 4
  %203 = icmp eq i64 %n.vec1107, %index.next1112
  br i1 %203, label %middle.block1113, label %vector.body1108

middle.block1113:                                 ; preds = %vector.body1108
  %cmp.n1114 = icmp eq i64 %storemerge3120, %n.vec1107
  br i1 %cmp.n1114, label %B1878.endif, label %B1834.preheader1133

B1834.preheader1133:                              ; preds = %middle.block1113, %vector.memcheck1101, %B1834.preheader
  %.351636043606.ph = phi i64 [ 0, %vector.memcheck1101 ], [ 0, %B1834.preheader ], [ %n.vec1107, %middle.block1113 ]
  %xtraiter1243 = and i64 %storemerge3120, 3
  %lcmp.mod1244.not = icmp eq i64 %xtraiter1243, 0
  br i1 %lcmp.mod1244.not, label %B1834.prol.loopexit, label %B1834.prol.preheader

B1834.prol.preheader:                             ; preds = %B1834.preheader1133
  br label %B1834.prol

B1834.prol:                                       ; preds = %B1834.prol, %B1834.prol.preheader
  %lsr.iv1427 = phi i64 [ %xtraiter1243, %B1834.prol.preheader ], [ %lsr.iv.next1428, %B1834.prol ]
  %.351636043606.prol = phi i64 [ %.3523.prol, %B1834.prol ], [ %.351636043606.ph, %B1834.prol.preheader ]
  %.3523.prol = add nuw nsw i64 %.351636043606.prol, 1
  %204 = shl i64 %.351636043606.prol, 3
  %scevgep1426 = getelementptr i8, ptr %.3403, i64 %204
  %.3600.prol = load double, ptr %scevgep1426, align 8
  %205 = shl i64 %.351636043606.prol, 3
  %scevgep1425 = getelementptr i8, ptr %1, i64 %205
  store double %.3600.prol, ptr %scevgep1425, align 8
  %lsr.iv.next1428 = add nsw i64 %lsr.iv1427, -1
  %prol.iter1245.cmp.not = icmp eq i64 %lsr.iv.next1428, 0
  br i1 %prol.iter1245.cmp.not, label %B1834.prol.loopexit, label %B1834.prol

B1834.prol.loopexit:                              ; preds = %B1834.prol, %B1834.preheader1133
  %.351636043606.unr = phi i64 [ %.351636043606.ph, %B1834.preheader1133 ], [ %.3523.prol, %B1834.prol ]
  %206 = sub nsw i64 %.351636043606.ph, %storemerge3120
  %207 = icmp ugt i64 %206, -4
  br i1 %207, label %B1878.endif, label %B1834.preheader1384

B1834.preheader1384:                              ; preds = %B1834.prol.loopexit
  %208 = mul i64 %11, %.2536
  %scevgep1438 = getelementptr i8, ptr %scevgep1437, i64 %208
  br label %B1834

B1878.endif:                                      ; preds = %B1834.prol.loopexit, %middle.block1113, %B1748.endif.endif, %B1834
  %209 = icmp ne i64 %.339.1, -1
  %210 = icmp ne i64 %.339.1, 0
  %.3665 = tail call nsz contract double @llvm.floor.f64(double %.2655)
  %.3666 = fptosi double %.3665 to i64
  %.3668 = tail call nsz contract double @llvm.floor.f64(double %.2600)
  %.3669 = fptosi double %.3668 to i64
  %.3677 = tail call nsz contract double @llvm.cos.f64(double %.2710)
  %.3679 = tail call nsz contract double @llvm.sin.f64(double %.2710)
  %.3690 = fdiv nsz contract double %.2710, 0x401921FB54442D18
  %.3693 = fadd nsz contract double %.3690, 5.000000e-01
  %.3696 = fmul nsz contract double %.3693, %.3695
  %.3697 = tail call nsz contract double @llvm.floor.f64(double %.3696)
  %.3698 = fptosi double %.3697 to i64
  %const_mat1530 = add i64 %const, 4
  %.3713 = icmp ne i64 %.3698, %const_mat1530
  %.3715.not = or i1 %209, %.3713
  %or.cond4327 = select i1 %210, i1 %.3715.not, i1 false
  br i1 %or.cond4327, label %B1878.endif.else.if, label %B2148.endif.endif.endif.endif

B1878.endif.else.if:                              ; preds = %B1878.endif
  %211 = or i64 %.3698, %.339.1
  %212 = and i64 %211, -4294967296
  %213 = icmp eq i64 %212, 0
  br i1 %213, label %214, label %219

214:                                              ; preds = %B1878.endif.else.if
  %215 = trunc i64 %.339.1 to i32
  %216 = trunc i64 %.3698 to i32
  %217 = urem i32 %216, %215
  %218 = zext i32 %217 to i64
  br label %221

219:                                              ; preds = %B1878.endif.else.if
  %220 = srem i64 %.3698, %.339.1
  br label %221

221:                                              ; preds = %219, %214
  %222 = phi i64 [ %218, %214 ], [ %220, %219 ]
  %.3720 = xor i64 %222, %.339.1
  %.3721 = icmp slt i64 %.3720, 0
  %.3722 = icmp ne i64 %222, 0
  %.3723 = and i1 %.3722, %.3721
  %.3730 = select i1 %.3723, i64 %.339.1, i64 0
  %spec.select3116 = add nsw i64 %.3730, %222
  br label %B2148.endif.endif.endif.endif

B2148.endif.endif.endif.endif:                    ; preds = %221, %B1878.endif
  %rem.5.0 = phi i64 [ 0, %B1878.endif ], [ %spec.select3116, %221 ]
  %.3745 = fcmp nsz contract ule double %.3677, 0.000000e+00
  %"$phi2148.1.2.2" = select i1 %.3745, i64 -1, i64 1
  %.3756 = fcmp nsz contract ule double %.3679, 0.000000e+00
  %"$phi2148.2.2.2" = select i1 %.3756, i64 -1, i64 1
  %.3778 = tail call nsz contract double @llvm.fabs.f64(double %.3677)
  %.12.i654 = fcmp nsz contract olt double %.3778, 1.000000e-30
  %.13.i655 = select i1 %.12.i654, double 1.000000e-30, double %.3778
  %.3810 = fdiv nsz contract double 1.000000e+00, %.13.i655
  %.3812 = tail call nsz contract double @llvm.fabs.f64(double %.3679)
  %.12.i656 = fcmp nsz contract olt double %.3812, 1.000000e-30
  %.13.i657 = select i1 %.12.i656, double 1.000000e-30, double %.3812
  %.3844 = fdiv nsz contract double 1.000000e+00, %.13.i657
  br i1 %.3745, label %B2308, label %B2292

B2546.endif:                                      ; preds = %B6878.endif, %B2544
  %low.6.3 = phi double [ %low.7.2, %B2544 ], [ %.13.i589, %B6878.endif ]
  %col.3.3 = phi i64 [ %col.4.2, %B2544 ], [ %col.5.5, %B6878.endif ]
  %row.3.3 = phi i64 [ %row.4.2, %B2544 ], [ %row.5.5, %B6878.endif ]
  %waiting.5.3 = phi i64 [ %waiting.6.2.ph, %B2544 ], [ %waiting.7.5, %B6878.endif ]
  %to_col.2.3 = phi double [ %to_col.3.2, %B2544 ], [ %to_col.4.5, %B6878.endif ]
  %to_row.2.3 = phi double [ %to_row.3.2, %B2544 ], [ %to_row.4.5, %B6878.endif ]
  %gone.2.3 = phi double [ %gone.3.2, %B2544 ], [ %.13.i, %B6878.endif ]
  %inside.2.3 = phi i1 [ %inside.3.2, %B2544 ], [ true, %B6878.endif ]
  %.12.i = fcmp nsz contract olt double %to_row.2.3, %to_col.2.3
  %.13.i = select i1 %.12.i, double %to_row.2.3, double %to_col.2.3
  %.4460 = fmul nsz contract double %arg.cell_m, %.13.i
  %.4462 = fadd nsz contract double %.2765, %.4460
  br i1 %inside.2.3, label %B2600, label %B4044

B2860.endif.endif:                                ; preds = %B2810
  %.4757 = fadd nsz contract double %gone.2.3, %.13.i
  %.4758 = fmul nsz contract double %.4757, 5.000000e-01
  %.4760 = fmul nsz contract double %arg.cell_m, %.4758
  %.4762 = fadd nsz contract double %.2765, %.4760
  %.5057 = fsub nsz contract double %.4762, %since.2.1
  %.5061 = fsub nsz contract double %.13.i, %gone.2.3
  %.5067 = fmul nsz contract double %.4762, %.4762
  %.5439 = fmul nsz contract double %since.2.1, %.5057
  %.5444 = fdiv nsz contract double %.5439, %.4762
  %.5695 = mul i64 %.4472, %arg.into.5.2
  %invariant.gep3652 = getelementptr double, ptr %arg.into.4, i64 %.5695
  %invariant.gep3653 = getelementptr double, ptr %invariant.gep3652, i64 %.4475
  %223 = getelementptr double, ptr %54, i64 %.5695
  %224 = getelementptr double, ptr %55, i64 %.5695
  %225 = getelementptr double, ptr %56, i64 %.5695
  %"$phi2960.2.2.6" = fdiv nsz contract double %rise.2.0, %.4762
  %.4936 = fcmp nsz contract ole double %low.6.3, %"$phi2960.2.2.6"
  %.4944 = fcmp nsz contract ole double %"$phi2960.2.2.6", %.2911
  %or.cond3098 = select i1 %.4936, i1 %.4944, i1 false
  br i1 %or.cond3098, label %B2996.endif.endif, label %B6949

B2996.endif.endif:                                ; preds = %B2860.endif.endif
  %226 = icmp slt i64 %.5.i541, 1
  %.4959 = tail call nsz contract double @atan(double %"$phi2960.2.2.6")
  %.4963 = fdiv nsz contract double %.4959, 0x400921FB54442D18
  %.4964 = fadd nsz contract double %.4963, 5.000000e-01
  %.4968 = fmul nsz contract double %.4964, %.4967
  %.4969 = fadd nsz contract double %.4968, 5.000000e-01
  %.5.i658 = fptosi double %.4969 to i64
  %.5026 = icmp slt i64 %.5.i658, 0
  %.5027 = select i1 %.5026, i64 %arg.pattern.5.1, i64 0
  %227 = getelementptr double, ptr %35, i64 %.5.i658
  %.5049 = getelementptr double, ptr %227, i64 %.5027
  %.5050 = load double, ptr %.5049, align 8
  %.5054 = fmul nsz contract double %wide.2.1, %.5050
  %.5058 = fmul nsz contract double %.5057, %.5054
  %.5062 = fmul nsz contract double %.5061, %.5058
  %.5064 = fmul nsz contract double %arg.cell_m, %.5062
  %.5073 = fadd nsz contract double %.5070, %.5067
  %.5077 = fdiv nsz contract double %.5064, %.5073
  br i1 %226, label %B3376, label %B3224.lr.ph

B3224.lr.ph:                                      ; preds = %B2996.endif.endif
  %228 = icmp slt i64 %.5.i658, 0
  %229 = icmp eq i64 %57, 0
  %invariant.gep = getelementptr double, ptr %arg.walls.4, i64 %.5.i658
  %.5307 = select i1 %228, i64 %arg.walls.5.1, i64 0
  %invariant.gep3619 = getelementptr double, ptr %invariant.gep, i64 %.5307
  br i1 %229, label %B3224.endif.epil.preheader, label %B3224.endif.preheader

B3224.endif.preheader:                            ; preds = %B3224.lr.ph
  br label %B3224.endif

B3224.endif:                                      ; preds = %B3224.endif, %B3224.endif.preheader
  %power.5.83615 = phi double [ %.5334.11260, %B3224.endif ], [ %.5077, %B3224.endif.preheader ]
  %.516736113613 = phi i64 [ %.5174.11253, %B3224.endif ], [ 0, %B3224.endif.preheader ]
  %230 = shl i64 %.516736113613, 3
  %scevgep1448 = getelementptr i8, ptr %scevgep1446, i64 %230
  %scevgep1449 = getelementptr i8, ptr %scevgep1448, i64 -8
  %.5253 = load double, ptr %scevgep1449, align 8
  %.5.i554 = fptosi double %.5253 to i64
  %.5303 = icmp slt i64 %.5.i554, 0
  %.5304 = select i1 %.5303, i64 %arg.walls.5.0, i64 0
  %.5305 = add i64 %.5304, %.5.i554
  %.5325 = mul i64 %.5305, %arg.walls.5.1
  %gep3620 = getelementptr double, ptr %invariant.gep3619, i64 %.5325
  %.5330 = load double, ptr %gep3620, align 8
  %.5334 = fmul nsz contract double %power.5.83615, %.5330
  %231 = shl i64 %.516736113613, 3
  %scevgep1447 = getelementptr i8, ptr %scevgep1446, i64 %231
  %.5253.11252 = load double, ptr %scevgep1447, align 8
  %.5.i554.1 = fptosi double %.5253.11252 to i64
  %.5174.11253 = add nuw i64 %.516736113613, 2
  %.5303.11254 = icmp slt i64 %.5.i554.1, 0
  %.5304.11255 = select i1 %.5303.11254, i64 %arg.walls.5.0, i64 0
  %.5305.11256 = add i64 %.5304.11255, %.5.i554.1
  %.5325.11257 = mul i64 %.5305.11256, %arg.walls.5.1
  %gep3620.11258 = getelementptr double, ptr %invariant.gep3619, i64 %.5325.11257
  %.5330.11259 = load double, ptr %gep3620.11258, align 8
  %.5334.11260 = fmul nsz contract double %.5334, %.5330.11259
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.5174.11253
  br i1 %niter.ncmp.1, label %B3376.loopexit.unr-lcssa, label %B3224.endif

B3388.endif.endif:                                ; preds = %B20.i, %B3388
  %storemerge.i = phi double [ %76, %B20.i ], [ 1.000000e+00, %B3388 ]
  %.5476 = fmul nsz contract double %power.5.8.lcssa, %storemerge.i
  br label %B3516

B3554.endif.endif:                                ; preds = %B82.endif.endif.endif.endif.endif.endif.endif.i, %B3554
  %total.2.0.lcssa.i = phi double [ 0.000000e+00, %B3554 ], [ %.568.i, %B82.endif.endif.endif.endif.endif.endif.endif.i ]
  %.591.i = fmul nsz contract double %"$phi2960.2.2.6", %"$phi2960.2.2.6"
  %.594.i = fadd nsz contract double %.591.i, 1.000000e+00
  %sqrt.i557 = tail call nsz contract double @llvm.sqrt.f64(double %.594.i)
  %232 = fneg nsz contract double %total.2.0.lcssa.i
  %.7.i659 = fmul nsz contract double %sqrt.i557, %232
  %.8.i660 = fmul nsz contract double %arg.gamma, %.7.i659
  %.12.i661 = fdiv nsz contract double %.8.i660, %arg.limit
  %.13.i662 = tail call nsz contract double @llvm.exp.f64(double %.12.i661)
  %.14.i663 = fsub nsz contract double 1.000000e+00, %.13.i662
  %.15.i664 = fmul nsz contract double %arg.limit, %.14.i663
  %.5611 = fmul nsz contract double %.15.i664, -1.000000e-01
  %.5612 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %.5611)
  %.5614 = fmul nsz contract double %power.7.8, %.5612
  br label %B3654

B3892.endif.endif.endif:                          ; preds = %B3864
  %sunkaddr1560 = mul i64 %book.2.1, 8
  %sunkaddr1561 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1560
  %sunkaddr1562 = getelementptr i8, ptr %sunkaddr1561, i64 8
  %.6330 = load double, ptr %sunkaddr1562, align 8
  %.12.i558 = fcmp nsz contract olt double %.2911, %.6268
  %.13.i559 = select i1 %.12.i558, double %.2911, double %.6268
  %.5.i665 = fmul nsz contract double %.13.i559, %.13.i559
  %.6.i666 = fadd nsz contract double %.5.i665, 1.000000e+00
  %sqrt.i667 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i666)
  %.11.i668 = fdiv nsz contract double %.13.i559, %sqrt.i667
  %.5.i669 = fmul nsz contract double %low.6.3, %low.6.3
  %.6.i670 = fadd nsz contract double %.5.i669, 1.000000e+00
  %sqrt.i671 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i670)
  %.11.i672 = fdiv nsz contract double %low.6.3, %sqrt.i671
  %.6414 = fsub nsz contract double %.11.i668, %.11.i672
  %.6415 = fadd nsz contract double %.6414, %.6330
  store double %.6415, ptr %sunkaddr1562, align 8
  %.6474 = fcmp nsz contract ult double %.6268, %.2911
  br i1 %.6474, label %B4044, label %B6928

B4056.endif:                                      ; preds = %B4044
  %.6548 = fcmp nsz contract ogt double %.6546, %.2911
  br i1 %.6548, label %B4094, label %B4222

B4076.endif:                                      ; preds = %B4044
  %.6558 = fcmp nsz contract olt double %.6546, %low.8.4
  br i1 %.6558, label %B4094, label %B4222

B4114.endif.endif:                                ; preds = %B4094
  %sunkaddr1563 = mul i64 %book.2.1, 8
  %sunkaddr1564 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1563
  %sunkaddr1565 = getelementptr i8, ptr %sunkaddr1564, i64 8
  %.6671 = load double, ptr %sunkaddr1565, align 8
  %.5.i560 = fmul nsz contract double %.2911, %.2911
  %.6.i = fadd nsz contract double %.5.i560, 1.000000e+00
  %sqrt.i561 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i)
  %.11.i = fdiv nsz contract double %.2911, %sqrt.i561
  %.5.i673 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i674 = fadd nsz contract double %.5.i673, 1.000000e+00
  %sqrt.i675 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i674)
  %.11.i676 = fdiv nsz contract double %low.8.4, %sqrt.i675
  %.6728 = fsub nsz contract double %.11.i, %.11.i676
  %.6729 = fadd nsz contract double %.6728, %.6671
  store double %.6729, ptr %sunkaddr1565, align 8
  br label %B6928

B4560.endif.endif:                                ; preds = %B4546, %B4476, %B4464
  %sunkaddr1566 = mul i64 %book.2.1, 8
  %sunkaddr1567 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1566
  %.7168 = load double, ptr %sunkaddr1567, align 8
  %.5.i562 = fmul nsz contract double %.2911, %.2911
  %.6.i563 = fadd nsz contract double %.5.i562, 1.000000e+00
  %sqrt.i564 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i563)
  %.11.i565 = fdiv nsz contract double %.2911, %sqrt.i564
  %.5.i677 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i678 = fadd nsz contract double %.5.i677, 1.000000e+00
  %sqrt.i679 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i678)
  %.11.i680 = fdiv nsz contract double %low.8.4, %sqrt.i679
  %.7225 = fsub nsz contract double %.11.i565, %.11.i680
  %.7226 = fadd nsz contract double %.7225, %.7168
  store double %.7226, ptr %sunkaddr1567, align 8
  br label %B6928

B4746.endif.endif:                                ; preds = %B4724
  %sunkaddr1568 = mul i64 %book.2.1, 8
  %sunkaddr1569 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1568
  %sunkaddr1570 = getelementptr i8, ptr %sunkaddr1569, i64 24
  %.7486 = load double, ptr %sunkaddr1570, align 8
  %.5.i566 = fmul nsz contract double %.2911, %.2911
  %.6.i567 = fadd nsz contract double %.5.i566, 1.000000e+00
  %sqrt.i568 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i567)
  %.11.i569 = fdiv nsz contract double %.2911, %sqrt.i568
  %.5.i681 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i682 = fadd nsz contract double %.5.i681, 1.000000e+00
  %sqrt.i683 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i682)
  %.11.i684 = fdiv nsz contract double %low.8.4, %sqrt.i683
  %.7543 = fsub nsz contract double %.11.i569, %.11.i684
  %.7544 = fadd nsz contract double %.7543, %.7486
  store double %.7544, ptr %sunkaddr1570, align 8
  br label %B6928

B5550.endif.endif:                                ; preds = %B5448, %B5156
  %ny.4.6 = phi double [ %ny.3.63007, %B5156 ], [ %"$phi5524.2.2.6", %B5448 ]
  %nx.4.6 = phi double [ %nx.3.63009, %B5156 ], [ %"$phi5524.1.2.63038", %B5448 ]
  %facing.2.6 = phi double [ %.79643011, %B5156 ], [ %.8520, %B5448 ]
  %.8529 = fneg nsz contract float %.7342
  %.8533 = fpext float %.8529 to double
  %.8534 = fsub nsz contract double %.8533, %arg.tz
  %.8539 = fdiv nsz contract double %.8534, %.4462
  %.12.i570 = fcmp nsz contract ogt double %.8539, %low.8.4
  %.13.i571 = select i1 %.12.i570, double %.8539, double %low.8.4
  br i1 %.12.i570, label %B5608.endif.endif.endif, label %B5740.endif

B5608.endif.endif.endif:                          ; preds = %B5550.endif.endif
  %sunkaddr1571 = mul i64 %book.2.1, 8
  %sunkaddr1572 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1571
  %sunkaddr1573 = getelementptr i8, ptr %sunkaddr1572, i64 8
  %.8630 = load double, ptr %sunkaddr1573, align 8
  %.12.i572 = fcmp nsz contract olt double %.2911, %.8539
  %.13.i573 = select i1 %.12.i572, double %.2911, double %.8539
  %.5.i685 = fmul nsz contract double %.13.i573, %.13.i573
  %.6.i686 = fadd nsz contract double %.5.i685, 1.000000e+00
  %sqrt.i687 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i686)
  %.11.i688 = fdiv nsz contract double %.13.i573, %sqrt.i687
  %.5.i689 = fmul nsz contract double %low.8.4, %low.8.4
  %.6.i690 = fadd nsz contract double %.5.i689, 1.000000e+00
  %sqrt.i691 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i690)
  %.11.i692 = fdiv nsz contract double %low.8.4, %sqrt.i691
  %.8712 = fsub nsz contract double %.11.i688, %.11.i692
  %.8713 = fadd nsz contract double %.8712, %.8630
  store double %.8713, ptr %sunkaddr1573, align 8
  br label %B5740.endif

B5740.endif:                                      ; preds = %B5608.endif.endif.endif, %B5550.endif.endif
  %.12.i574 = fcmp nsz contract olt double %.7612, %.2911
  %.13.i575 = select i1 %.12.i574, double %.7612, double %.2911
  %.8806 = fcmp nsz contract ogt double %.13.i575, %.13.i571
  br i1 %.8806, label %B5786.endif, label %B6878.endif

B5786.endif:                                      ; preds = %B5740.endif
  %233 = fmul nsz contract double %facing.2.6, %.8828
  %.8830 = fsub nsz contract double 5.000000e-01, %233
  %.5.i576 = fptosi double %.8830 to i64
  %.8884 = icmp slt i64 %.5.i576, 0
  %.8885 = select i1 %.8884, i64 %arg.walls.5.0, i64 0
  %.8886 = add i64 %.8885, %.5.i576
  %.8906 = mul i64 %.8886, %arg.walls.5.1
  %gep4002 = getelementptr double, ptr %invariant.gep4001, i64 %.8906
  %.8911 = load double, ptr %gep4002, align 8
  %.8915 = fmul nsz contract double %.2966, %.8911
  %.8927 = fcmp nsz contract olt double %.8915, 0x3E7AD7F29ABCAF48
  %or.cond3113 = select i1 %or.cond3112, i1 true, i1 %.8927
  br i1 %or.cond3113, label %B5930.endif.endif, label %B6038

B5930.endif.endif:                                ; preds = %B5786.endif
  %sunkaddr1574 = mul i64 %book.2.1, 8
  %sunkaddr1575 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1574
  %sunkaddr1576 = getelementptr i8, ptr %sunkaddr1575, i64 16
  %.9008 = load double, ptr %sunkaddr1576, align 8
  %.5.i577 = fmul nsz contract double %.13.i575, %.13.i575
  %.6.i578 = fadd nsz contract double %.5.i577, 1.000000e+00
  %sqrt.i579 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i578)
  %.11.i580 = fdiv nsz contract double %.13.i575, %sqrt.i579
  %.5.i693 = fmul nsz contract double %.13.i571, %.13.i571
  %.6.i694 = fadd nsz contract double %.5.i693, 1.000000e+00
  %sqrt.i695 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i694)
  %.11.i696 = fdiv nsz contract double %.13.i571, %sqrt.i695
  %.9065 = fsub nsz contract double %.11.i580, %.11.i696
  %.9066 = fadd nsz contract double %.9065, %.9008
  store double %.9066, ptr %sunkaddr1576, align 8
  br label %B6878.endif

B6072.endif.endif:                                ; preds = %B6038
  %sunkaddr1577 = mul i64 %book.2.1, 8
  %sunkaddr1578 = getelementptr i8, ptr %arg.ledger.4, i64 %sunkaddr1577
  %sunkaddr1579 = getelementptr i8, ptr %sunkaddr1578, i64 24
  %.9204 = load double, ptr %sunkaddr1579, align 8
  %.5.i581 = fmul nsz contract double %.13.i575, %.13.i575
  %.6.i582 = fadd nsz contract double %.5.i581, 1.000000e+00
  %sqrt.i583 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i582)
  %.11.i584 = fdiv nsz contract double %.13.i575, %sqrt.i583
  %.5.i697 = fmul nsz contract double %.13.i571, %.13.i571
  %.6.i698 = fadd nsz contract double %.5.i697, 1.000000e+00
  %sqrt.i699 = tail call nsz contract double @llvm.sqrt.f64(double %.6.i698)
  %.11.i700 = fdiv nsz contract double %.13.i571, %sqrt.i699
  %.9261 = fsub nsz contract double %.11.i584, %.11.i700
  %.9262 = fadd nsz contract double %.9261, %.9204
  store double %.9262, ptr %sunkaddr1579, align 8
  br label %B6878.endif

B6188.endif.endif.endif:                          ; preds = %B6180
  %.9325 = fmul nsz contract double %.3677, %.13.i
  %.9327 = fadd nsz contract double %.2600, %.9325
  %.9329 = fmul nsz contract double %.9327, %nx.4.6
  %.9332 = fmul nsz contract double %.3679, %.13.i
  %.9334 = fadd nsz contract double %.2655, %.9332
  %.9336 = fmul nsz contract double %.9334, %ny.4.6
  %.9337 = fadd nsz contract double %.9336, %.9329
  %.9339 = fsub nsz contract double %offset.2.63005, %.9337
  %.9346 = fdiv nsz contract double %.9339, %facing.2.6
  %.12.i585 = fcmp nsz contract olt double %.9346, -1.500000e+00
  %.13.i586 = select i1 %.12.i585, double -1.500000e+00, double %.9346
  %.12.i701 = fcmp nsz contract ogt double %.13.i586, 1.500000e+00
  %.13.i702 = select i1 %.12.i701, double 1.500000e+00, double %.13.i586
  %.9405 = fneg nsz contract double %.13.i
  %.12.i703 = fcmp nsz contract olt double %.13.i702, %.9405
  %.13.i704 = select i1 %.12.i703, double %.9405, double %.13.i702
  br label %B6362.endif

B6362.endif:                                      ; preds = %B6188.endif.endif.endif, %B6180
  %to_line.3.5 = phi double [ 0.000000e+00, %B6180 ], [ %.13.i704, %B6188.endif.endif.endif ]
  %234 = trunc i64 %.7780 to i32
  %235 = icmp slt i64 %.5.i541, 1
  %.9441 = fadd nsz contract double %.13.i, %to_line.3.5
  %.9443 = fmul nsz contract double %.3677, %.9441
  %.9445 = fadd nsz contract double %.2600, %.9443
  %.9473 = icmp slt i64 %waiting.5.3, 0
  %.9474 = select i1 %.9473, i64 %arg.stack.5.0, i64 0
  %.9475 = add i64 %.9474, %waiting.5.3
  %.9495 = mul i64 %.9475, %arg.stack.5.1
  %.9499 = getelementptr double, ptr %arg.stack.4, i64 %.9495
  store double %.9445, ptr %.9499, align 8
  %.9507 = fmul nsz contract double %.3679, %.9441
  %.9509 = fadd nsz contract double %.2655, %.9507
  %.9563 = getelementptr i8, ptr %.9499, i64 8
  store double %.9509, ptr %.9563, align 8
  %.9566 = fmul nsz contract double %facing.2.6, 2.000000e+00
  %.9568 = fmul nsz contract double %ny.4.6, %.9566
  %.9572 = fsub nsz contract double %.3679, %.9568
  %.9578 = fmul nsz contract double %nx.4.6, %.9566
  %.9582 = fsub nsz contract double %.3677, %.9578
  %.9583 = tail call nsz contract double @atan2(double %.9572, double %.9582)
  %.9637 = getelementptr i8, ptr %.9499, i64 16
  store double %.9583, ptr %.9637, align 8
  %.9641 = fmul nsz contract double %arg.cell_m, %to_line.3.5
  %.9645 = fadd nsz contract double %.4462, %.9641
  %.9701 = getelementptr i8, ptr %.9499, i64 24
  store double %.9645, ptr %.9701, align 8
  %.9757 = getelementptr i8, ptr %.9499, i64 32
  store double %.13.i571, ptr %.9757, align 8
  %.9815 = getelementptr i8, ptr %.9499, i64 40
  store double %.13.i575, ptr %.9815, align 8
  %.9873 = getelementptr i8, ptr %.9499, i64 48
  store double %.8915, ptr %.9873, align 8
  %.9933 = getelementptr i8, ptr %.9499, i64 56
  store double %.9879, ptr %.9933, align 8
  %.9989 = getelementptr i8, ptr %.9499, i64 64
  %.9990 = sitofp i32 %234 to double
  store double %.9990, ptr %.9989, align 8
  br i1 %235, label %B6708.endif.endif, label %B6652.preheader

B6652.preheader:                                  ; preds = %B6362.endif
  %236 = icmp ult i64 %.5.i541, 4
  br i1 %236, label %B6652.preheader1131, label %vector.memcheck1086

vector.memcheck1086:                              ; preds = %B6652.preheader
  %237 = shl i64 %.9475, 3
  %238 = add i64 %237, -4096
  %239 = mul i64 %arg.stack.5.1, %238
  %diff.check1087 = icmp ult i64 %239, 32
  br i1 %diff.check1087, label %B6652.preheader1131, label %vector.body1093.preheader

vector.body1093.preheader:                        ; preds = %vector.memcheck1086
  %240 = mul i64 %15, %.9475
  %scevgep1466 = getelementptr i8, ptr %scevgep1465, i64 %240
  br label %vector.body1093

vector.body1093:                                  ; preds = %vector.body1093, %vector.body1093.preheader
  %index1094 = phi i64 [ %index.next1097, %vector.body1093 ], [ 0, %vector.body1093.preheader ]
  %241 = shl i64 %index1094, 3
  %scevgep1472 = getelementptr i8, ptr %scevgep1470, i64 %241
  %scevgep1473 = getelementptr i8, ptr %scevgep1472, i64 -16
  %242 = shl i64 %index1094, 3
  %scevgep1471 = getelementptr i8, ptr %scevgep1470, i64 %242
  %wide.load1095 = load <2 x double>, ptr %scevgep1473, align 8
  %wide.load1096 = load <2 x double>, ptr %scevgep1471, align 8
  %243 = shl i64 %index1094, 3
  %scevgep1468 = getelementptr i8, ptr %scevgep1466, i64 %243
  %scevgep1469 = getelementptr i8, ptr %scevgep1468, i64 -16
  %244 = shl i64 %index1094, 3
  %scevgep1467 = getelementptr i8, ptr %scevgep1466, i64 %244
  store <2 x double> %wide.load1095, ptr %scevgep1469, align 8
  store <2 x double> %wide.load1096, ptr %scevgep1467, align 8
  %index.next1097 = add nuw i64 %index1094, 4
  %245 = icmp eq i64 %n.vec1092, %index.next1097
  br i1 %245, label %middle.block1098, label %vector.body1093

middle.block1098:                                 ; preds = %vector.body1093
  %246 = icmp eq i64 %n.vec1092, %.5.i541
  br i1 %246, label %B6708.endif.endif, label %B6652.preheader1131

B6652.preheader1131:                              ; preds = %middle.block1098, %vector.memcheck1086, %B6652.preheader
  %.1008036603662.ph = phi i64 [ 0, %vector.memcheck1086 ], [ 0, %B6652.preheader ], [ %n.vec1092, %middle.block1098 ]
  %247 = icmp eq i64 %xtraiter1268, 0
  br i1 %247, label %B6652.prol.loopexit, label %B6652.prol.preheader

B6652.prol.preheader:                             ; preds = %B6652.preheader1131
  %248 = mul i64 %17, %.9475
  %scevgep1475 = getelementptr i8, ptr %scevgep1474, i64 %248
  br label %B6652.prol

B6652.prol:                                       ; preds = %B6652.prol, %B6652.prol.preheader
  %lsr.iv1479 = phi i64 [ %xtraiter1268, %B6652.prol.preheader ], [ %lsr.iv.next1480, %B6652.prol ]
  %.1008036603662.prol = phi i64 [ %.10087.prol, %B6652.prol ], [ %.1008036603662.ph, %B6652.prol.preheader ]
  %.10087.prol = add nuw nsw i64 %.1008036603662.prol, 1
  %249 = shl i64 %.1008036603662.prol, 3
  %scevgep1478 = getelementptr i8, ptr %scevgep1477, i64 %249
  %.10166.prol = load double, ptr %scevgep1478, align 8
  %250 = shl i64 %.1008036603662.prol, 3
  %scevgep1476 = getelementptr i8, ptr %scevgep1475, i64 %250
  store double %.10166.prol, ptr %scevgep1476, align 8
  %lsr.iv.next1480 = add nsw i64 %lsr.iv1479, -1
  %prol.iter1270.cmp.not = icmp eq i64 %lsr.iv.next1480, 0
  br i1 %prol.iter1270.cmp.not, label %B6652.prol.loopexit, label %B6652.prol

B6652.prol.loopexit:                              ; preds = %B6652.prol, %B6652.preheader1131
  %.1008036603662.unr = phi i64 [ %.1008036603662.ph, %B6652.preheader1131 ], [ %.10087.prol, %B6652.prol ]
  %251 = sub nsw i64 %.1008036603662.ph, %.5.i541
  %252 = icmp ugt i64 %251, -4
  br i1 %252, label %B6708.endif.endif, label %B6652.preheader1383

B6652.preheader1383:                              ; preds = %B6652.prol.loopexit
  %253 = mul i64 %19, %.9475
  %scevgep1482 = getelementptr i8, ptr %scevgep1481, i64 %253
  br label %B6652

B6708.endif.endif:                                ; preds = %B6652.prol.loopexit, %middle.block1098, %B6362.endif, %B6652
  %.10281 = load double, ptr %1, align 8
  %.5.i587 = fptosi double %.10281 to i64
  %.10345 = icmp slt i64 %.5.i587, 0
  %.10306 = mul nsw i64 %.5.i587, 3
  %.10307 = add nuw nsw i64 %.10306, 1
  %storemerge3122 = select i1 %.10345, i64 0, i64 %.10307
  %.103873668 = icmp sgt i64 %storemerge3122, 0
  br i1 %.103873668, label %B6804.lr.ph, label %B6848

B6804.lr.ph:                                      ; preds = %B6708.endif.endif
  %254 = icmp slt i64 %waiting.5.3, 0
  %.10505 = select i1 %254, i64 %arg.trail.5.0, i64 0
  %.10506 = add i64 %.10505, %waiting.5.3
  %.10526 = mul i64 %.10506, %arg.trail.5.1
  %255 = getelementptr double, ptr %arg.trail.4, i64 %.10526
  %min.iters.check = icmp ult i64 %storemerge3122, 6
  br i1 %min.iters.check, label %B6804.preheader, label %vector.memcheck

vector.memcheck:                                  ; preds = %B6804.lr.ph
  %256 = shl i64 %.10506, 3
  %257 = add i64 %256, -4096
  %258 = mul i64 %arg.trail.5.1, %257
  %diff.check = icmp ult i64 %258, 32
  br i1 %diff.check, label %B6804.preheader, label %vector.ph

vector.ph:                                        ; preds = %vector.memcheck
  %n.vec = and i64 %storemerge3122, %const
  %259 = mul i64 %21, %.10506
  %scevgep1499 = getelementptr i8, ptr %scevgep1498, i64 %259
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %260 = shl i64 %index, 3
  %scevgep1505 = getelementptr i8, ptr %scevgep1503, i64 %260
  %scevgep1506 = getelementptr i8, ptr %scevgep1505, i64 -16
  %261 = shl i64 %index, 3
  %scevgep1504 = getelementptr i8, ptr %scevgep1503, i64 %261
  %wide.load = load <2 x double>, ptr %scevgep1506, align 8
  %wide.load1085 = load <2 x double>, ptr %scevgep1504, align 8
  %262 = shl i64 %index, 3
  %scevgep1501 = getelementptr i8, ptr %scevgep1499, i64 %262
  %scevgep1502 = getelementptr i8, ptr %scevgep1501, i64 -16
  %263 = shl i64 %index, 3
  %scevgep1500 = getelementptr i8, ptr %scevgep1499, i64 %263
  store <2 x double> %wide.load, ptr %scevgep1502, align 8
  store <2 x double> %wide.load1085, ptr %scevgep1500, align 8
  %index.next = add nuw i64 %index, 4
  %264 = icmp eq i64 %n.vec, %index.next
  br i1 %264, label %middle.block, label %vector.body

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %storemerge3122, %n.vec
  br i1 %cmp.n, label %B6848, label %B6804.preheader

B6804.preheader:                                  ; preds = %middle.block, %vector.memcheck, %B6804.lr.ph
  %.1039336673669.ph = phi i64 [ 0, %vector.memcheck ], [ 0, %B6804.lr.ph ], [ %n.vec, %middle.block ]
  %xtraiter1271 = and i64 %storemerge3122, 3
  %lcmp.mod1272.not = icmp eq i64 %xtraiter1271, 0
  br i1 %lcmp.mod1272.not, label %B6804.prol.loopexit, label %B6804.prol.preheader

B6804.prol.preheader:                             ; preds = %B6804.preheader
  br label %B6804.prol

B6804.prol:                                       ; preds = %B6804.prol, %B6804.prol.preheader
  %lsr.iv1509 = phi i64 [ %xtraiter1271, %B6804.prol.preheader ], [ %lsr.iv.next1510, %B6804.prol ]
  %.1039336673669.prol = phi i64 [ %.10400.prol, %B6804.prol ], [ %.1039336673669.ph, %B6804.prol.preheader ]
  %.10400.prol = add nuw nsw i64 %.1039336673669.prol, 1
  %265 = shl i64 %.1039336673669.prol, 3
  %scevgep1508 = getelementptr i8, ptr %1, i64 %265
  %.10478.prol = load double, ptr %scevgep1508, align 8
  %266 = shl i64 %.1039336673669.prol, 3
  %scevgep1507 = getelementptr i8, ptr %255, i64 %266
  store double %.10478.prol, ptr %scevgep1507, align 8
  %lsr.iv.next1510 = add nsw i64 %lsr.iv1509, -1
  %prol.iter1273.cmp.not = icmp eq i64 %lsr.iv.next1510, 0
  br i1 %prol.iter1273.cmp.not, label %B6804.prol.loopexit, label %B6804.prol

B6804.prol.loopexit:                              ; preds = %B6804.prol, %B6804.preheader
  %.1039336673669.unr = phi i64 [ %.1039336673669.ph, %B6804.preheader ], [ %.10400.prol, %B6804.prol ]
  %267 = sub nsw i64 %.1039336673669.ph, %storemerge3122
  %268 = icmp ugt i64 %267, -4
  br i1 %268, label %B6848, label %B6804.preheader1382

B6804.preheader1382:                              ; preds = %B6804.prol.loopexit
  %269 = mul i64 %23, %.10506
  %scevgep1512 = getelementptr i8, ptr %scevgep1511, i64 %269
  br label %B6804

B6878.endif:                                      ; preds = %B6072.endif.endif, %B5930.endif.endif, %B5740.endif, %B6848
  %waiting.7.5 = phi i64 [ %waiting.5.3, %B5930.endif.endif ], [ %waiting.5.3, %B6072.endif.endif ], [ %.9121, %B6848 ], [ %waiting.5.3, %B5740.endif ]
  %.12.i588 = fcmp nsz contract ogt double %.7612, %low.8.4
  %.13.i589 = select i1 %.12.i588, double %.7612, double %low.8.4
  %.10668 = fcmp nsz contract ult double %.13.i589, %.2911
  br i1 %.10668, label %B2546.endif, label %B6928
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.fabs.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.floor.f64(double)

declare double @sqrt(double) local_unnamed_addr

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.sqrt.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.log10.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.pow.f64(double, double)

declare double @atan(double) local_unnamed_addr

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.exp.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.cos.f64(double)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.sin.f64(double)

declare double @atan2(double, double) local_unnamed_addr

define i32 @rays_eaves(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, ptr %arg.edges.0, ptr readnone %arg.edges.1, i64 %arg.edges.2, i64 %arg.edges.3, ptr readonly %arg.edges.4, i64 %arg.edges.5.0, i64 %arg.edges.5.1, i64 %arg.edges.6.0, i64 %arg.edges.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, double %arg.wavelength, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.pattern.0, ptr readnone %arg.pattern.1, i64 %arg.pattern.2, i64 %arg.pattern.3, ptr readonly %arg.pattern.4, i64 %arg.pattern.5.0, i64 %arg.pattern.5.1, i64 %arg.pattern.6.0, i64 %arg.pattern.6.1, double %arg.unit, ptr %arg.crown.0, ptr readnone %arg.crown.1, i64 %arg.crown.2, i64 %arg.crown.3, ptr readonly %arg.crown.4, i64 %arg.crown.5.0, i64 %arg.crown.5.1, i64 %arg.crown.6.0, i64 %arg.crown.6.1, double %arg.gamma, double %arg.limit, ptr %arg.into.0, ptr readnone %arg.into.1, i64 %arg.into.2, i64 %arg.into.3, ptr %arg.into.4, i64 %arg.into.5.0, i64 %arg.into.5.1, i64 %arg.into.5.2, i64 %arg.into.6.0, i64 %arg.into.6.1, i64 %arg.into.6.2) local_unnamed_addr {
B0.else.if:
  %.1179 = alloca i8, align 1
  %excinfo.2 = alloca ptr, align 8
  %.162 = add nsw i64 %arg.into.5.0, -6
  %.181 = sdiv i64 %.162, 3
  %.182 = srem i64 %.162, 3
  %.182.lobit = ashr i64 %.182, 63
  %.170.1 = add nsw i64 %.182.lobit, %.181
  %.3401643.not = icmp slt i64 %arg.edges.5.0, 1
  br i1 %.3401643.not, label %B2878, label %B144.lr.ph

B144.lr.ph:                                       ; preds = %B0.else.if
  %const = bitcast i64 -9223372036854775808 to i64
  %.207 = mul i64 %.170.1, 3
  %.210 = add i64 %.207, 5
  %.1654 = icmp slt i64 %.170.1, 0
  %.1655 = select i1 %.1654, i64 %arg.into.5.0, i64 0
  %.1656 = add i64 %.1655, %.207
  %.1684 = mul i64 %arg.into.5.2, %arg.into.5.1
  %.1686 = mul i64 %.1656, %.1684
  %0 = getelementptr double, ptr %arg.into.4, i64 %.1686
  %.2024 = sitofp i64 %arg.pattern.5.0 to double
  %.2136 = add nsw i64 %arg.pattern.5.1, -1
  %.2137 = sitofp i64 %.2136 to double
  %.2284 = add nsw i64 %.207, 1
  %.2810 = sitofp i64 %.170.1 to double
  %.3153 = shl nsw i64 %.170.1, 1
  %.3342 = icmp slt i64 %.170.1, -1
  %.3343 = select i1 %.3342, i64 %arg.into.5.0, i64 0
  %.3344 = add i64 %.210, %.3343
  %.3374 = mul i64 %.3344, %.1684
  %1 = getelementptr double, ptr %arg.into.4, i64 %.3374
  %.2379.us = add i64 %.207, 2
  %.2438.us = icmp slt i64 %.207, -1
  %.2439.us = select i1 %.2438.us, i64 %arg.into.5.0, i64 0
  %.2440.us = add i64 %.2284, %.2439.us
  %.2470.us = mul i64 %.2440.us, %.1684
  %.2379.us.1 = add i64 %.207, 3
  %.2438.us.1 = icmp slt i64 %.2379.us, 0
  %.2439.us.1 = select i1 %.2438.us.1, i64 %arg.into.5.0, i64 0
  %.2440.us.1 = add i64 %.2439.us.1, %.2379.us
  %.2470.us.1 = mul i64 %.2440.us.1, %.1684
  %.2379.us.2 = add i64 %.207, 4
  %.2438.us.2 = icmp slt i64 %.2379.us.1, 0
  %.2439.us.2 = select i1 %.2438.us.2, i64 %arg.into.5.0, i64 0
  %.2440.us.2 = add i64 %.2439.us.2, %.2379.us.1
  %.2470.us.2 = mul i64 %.2440.us.2, %.1684
  %.2438.us.3 = icmp slt i64 %.2379.us.2, 0
  %.2439.us.3 = select i1 %.2438.us.3, i64 %arg.into.5.0, i64 0
  %.2440.us.3 = add i64 %.2439.us.3, %.2379.us.2
  %.2470.us.3 = mul i64 %.2440.us.3, %.1684
  %.2438.us.4 = icmp slt i64 %.210, 0
  %.2439.us.4 = select i1 %.2438.us.4, i64 %arg.into.5.0, i64 0
  %.2440.us.4 = add i64 %.2439.us.4, %.210
  %.2470.us.4 = mul i64 %.2440.us.4, %.1684
  br label %B144.endif

B384:                                             ; preds = %B144.endif
  %.860 = fcmp nsz contract ole double %.852, 0.000000e+00
  %.864 = fcmp nsz contract ole double %arg.tz, %.655
  %or.cond = select i1 %.860, i1 %.864, i1 false
  br i1 %or.cond, label %B2880, label %B558

B558:                                             ; preds = %B384
  %.944 = fdiv nsz contract double %.757, %.6.i
  %.1008 = fdiv nsz contract double %.814, %.6.i
  %.1162 = fmul nsz contract double %.545, 2.000000e-01
  %.1172 = fmul nsz contract double %.600, 2.000000e-01
  %.1143 = fmul nsz contract double %.6.i, 0x3FB2492492492492
  %.1158 = fmul nsz contract double %.944, %.1143
  %.1160 = fadd nsz contract double %.435, %.1158
  %.1163 = fadd nsz contract double %.1162, %.1160
  %.1166 = fmul nsz contract double %.1008, %.1143
  %.1170 = fadd nsz contract double %.490, %.1166
  %.1173 = fadd nsz contract double %.1172, %.1170
  %.44.i = fsub nsz contract double %.1163, %arg.tx
  %.47.i = fsub nsz contract double %.1173, %arg.ty
  %.6.i.i = tail call nsz contract double @hypot(double %.44.i, double %.47.i)
  %.78.i = fmul nsz contract double %.6.i.i, 1.500000e+00
  %.5.i.i = fptosi double %.78.i to i64
  %.187152.not.i = icmp slt i64 %.5.i.i, 1
  br i1 %.187152.not.i, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i

B134.i:                                           ; preds = %B134.lr.ph.i, %B489.i
  %.193151153.i = phi i64 [ 1, %B134.lr.ph.i ], [ %.200.i, %B489.i ]
  %.200.i = add nuw i64 %.193151153.i, 1
  %.226.i = sitofp i64 %.193151153.i to double
  %.231.i = fdiv nsz contract double %.226.i, %.227.i
  %.237.i = fmul nsz contract double %.6.i.i, %.231.i
  %.238.i = fcmp nsz contract olt double %.237.i, 6.700000e-01
  br i1 %.238.i, label %B489.i, label %B164.i

B164.i:                                           ; preds = %B134.i
  %.241.i = fsub nsz contract double 1.000000e+00, %.231.i
  %.243.i = fmul nsz contract double %.6.i.i, %.241.i
  %.244.i = fcmp nsz contract olt double %.243.i, 6.700000e-01
  br i1 %.244.i, label %B489.i, label %B190.i

B190.i:                                           ; preds = %B164.i
  %.253.i = fmul nsz contract double %.47.i, %.231.i
  %.255.i = fadd nsz contract double %arg.ty, %.253.i
  %.256.i = tail call nsz contract double @llvm.floor.f64(double %.255.i)
  %.257.i = fptosi double %.256.i to i64
  %.262.i = fmul nsz contract double %.44.i, %.231.i
  %.264.i = fadd nsz contract double %arg.tx, %.262.i
  %.265.i = tail call nsz contract double @llvm.floor.f64(double %.264.i)
  %.266.i = fptosi double %.265.i to i64
  %.274.i = icmp sgt i64 %.257.i, -1
  %.306.i = icmp sgt i64 %arg.height.5.0, %.257.i
  %or.cond.i = select i1 %.274.i, i1 %.306.i, i1 false
  %.342.i = icmp sgt i64 %.266.i, -1
  %or.cond148.i = select i1 %or.cond.i, i1 %.342.i, i1 false
  %.369.i = icmp sgt i64 %arg.height.5.1, %.266.i
  %or.cond149.i = select i1 %or.cond148.i, i1 %.369.i, i1 false
  br i1 %or.cond149.i, label %B418.i, label %B489.i

B418.i:                                           ; preds = %B190.i
  %.439.i = mul i64 %arg.height.5.1, %.257.i
  %2 = getelementptr float, ptr %arg.height.4, i64 %.439.i
  %.443.i = getelementptr float, ptr %2, i64 %.266.i
  %.444.i = load float, ptr %.443.i, align 4
  %.451.i = fmul nsz contract double %.449.i, %.231.i
  %.455.i = fadd nsz contract double %arg.tz, %.451.i
  %.456.i = fadd nsz contract double %.455.i, 5.000000e-02
  %.457.i = fpext float %.444.i to double
  %.458.i = fcmp nsz contract olt double %.456.i, %.457.i
  br i1 %.458.i, label %B558.1, label %B489.i

B489.i:                                           ; preds = %B418.i, %B190.i, %B164.i, %B134.i
  %3 = add i64 %4, %.200.i
  %exitcond.i = icmp eq i64 %3, 1
  br i1 %exitcond.i, label %B658.endif.endif.endif.sink.split, label %B134.i

B134.lr.ph.i:                                     ; preds = %B558
  %.103.i = add nuw i64 %.5.i.i, 1
  %.227.i = sitofp i64 %.103.i to double
  %.449.i = fsub nsz contract double %.655, %arg.tz
  %4 = mul i64 %.5.i.i, -1
  br label %B134.i

B558.1:                                           ; preds = %B418.i
  %.1143.1 = fmul nsz contract double %.6.i, 0x3FCB6DB6DB6DB6DB
  %.1158.1 = fmul nsz contract double %.944, %.1143.1
  %.1160.1 = fadd nsz contract double %.435, %.1158.1
  %.1163.1 = fadd nsz contract double %.1162, %.1160.1
  %.1166.1 = fmul nsz contract double %.1008, %.1143.1
  %.1170.1 = fadd nsz contract double %.490, %.1166.1
  %.1173.1 = fadd nsz contract double %.1172, %.1170.1
  %.44.i162 = fsub nsz contract double %.1163.1, %arg.tx
  %.47.i163 = fsub nsz contract double %.1173.1, %arg.ty
  %.6.i.i164 = tail call nsz contract double @hypot(double %.44.i162, double %.47.i163)
  %.78.i165 = fmul nsz contract double %.6.i.i164, 1.500000e+00
  %.5.i.i166 = fptosi double %.78.i165 to i64
  %.187152.not.i167 = icmp slt i64 %.5.i.i166, 1
  br i1 %.187152.not.i167, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i168

B134.i172:                                        ; preds = %B134.lr.ph.i168, %B489.i199
  %.193151153.i173 = phi i64 [ 1, %B134.lr.ph.i168 ], [ %.200.i174, %B489.i199 ]
  %.200.i174 = add nuw i64 %.193151153.i173, 1
  %.226.i175 = sitofp i64 %.193151153.i173 to double
  %.231.i176 = fdiv nsz contract double %.226.i175, %.227.i170
  %.237.i177 = fmul nsz contract double %.6.i.i164, %.231.i176
  %.238.i178 = fcmp nsz contract olt double %.237.i177, 6.700000e-01
  br i1 %.238.i178, label %B489.i199, label %B164.i179

B164.i179:                                        ; preds = %B134.i172
  %.241.i180 = fsub nsz contract double 1.000000e+00, %.231.i176
  %.243.i181 = fmul nsz contract double %.6.i.i164, %.241.i180
  %.244.i182 = fcmp nsz contract olt double %.243.i181, 6.700000e-01
  br i1 %.244.i182, label %B489.i199, label %B190.i183

B190.i183:                                        ; preds = %B164.i179
  %.253.i184 = fmul nsz contract double %.47.i163, %.231.i176
  %.255.i185 = fadd nsz contract double %arg.ty, %.253.i184
  %.256.i186 = tail call nsz contract double @llvm.floor.f64(double %.255.i185)
  %.257.i187 = fptosi double %.256.i186 to i64
  %.262.i188 = fmul nsz contract double %.44.i162, %.231.i176
  %.264.i189 = fadd nsz contract double %arg.tx, %.262.i188
  %.265.i190 = tail call nsz contract double @llvm.floor.f64(double %.264.i189)
  %.266.i191 = fptosi double %.265.i190 to i64
  %.274.i192 = icmp sgt i64 %.257.i187, -1
  %.306.i193 = icmp sgt i64 %arg.height.5.0, %.257.i187
  %or.cond.i194 = select i1 %.274.i192, i1 %.306.i193, i1 false
  %.342.i195 = icmp sgt i64 %.266.i191, -1
  %or.cond148.i196 = select i1 %or.cond.i194, i1 %.342.i195, i1 false
  %.369.i197 = icmp sgt i64 %arg.height.5.1, %.266.i191
  %or.cond149.i198 = select i1 %or.cond148.i196, i1 %.369.i197, i1 false
  br i1 %or.cond149.i198, label %B418.i202, label %B489.i199

B418.i202:                                        ; preds = %B190.i183
  %.439.i203 = mul i64 %arg.height.5.1, %.257.i187
  %5 = getelementptr float, ptr %arg.height.4, i64 %.439.i203
  %.443.i204 = getelementptr float, ptr %5, i64 %.266.i191
  %.444.i205 = load float, ptr %.443.i204, align 4
  %.451.i206 = fmul nsz contract double %.449.i, %.231.i176
  %.455.i207 = fadd nsz contract double %arg.tz, %.451.i206
  %.456.i208 = fadd nsz contract double %.455.i207, 5.000000e-02
  %.457.i209 = fpext float %.444.i205 to double
  %.458.i210 = fcmp nsz contract olt double %.456.i208, %.457.i209
  br i1 %.458.i210, label %B558.2, label %B489.i199

B489.i199:                                        ; preds = %B418.i202, %B190.i183, %B164.i179, %B134.i172
  %6 = add i64 %7, %.200.i174
  %exitcond.i200 = icmp eq i64 %6, 1
  br i1 %exitcond.i200, label %B658.endif.endif.endif.sink.split, label %B134.i172

B134.lr.ph.i168:                                  ; preds = %B558.1
  %.103.i169 = add nuw i64 %.5.i.i166, 1
  %.227.i170 = sitofp i64 %.103.i169 to double
  %7 = mul i64 %.5.i.i166, -1
  br label %B134.i172

B558.2:                                           ; preds = %B418.i202
  %.1143.2 = fmul nsz contract double %.6.i, 0x3FD6DB6DB6DB6DB7
  %.1158.2 = fmul nsz contract double %.944, %.1143.2
  %.1160.2 = fadd nsz contract double %.435, %.1158.2
  %.1163.2 = fadd nsz contract double %.1162, %.1160.2
  %.1166.2 = fmul nsz contract double %.1008, %.1143.2
  %.1170.2 = fadd nsz contract double %.490, %.1166.2
  %.1173.2 = fadd nsz contract double %.1172, %.1170.2
  %.44.i212 = fsub nsz contract double %.1163.2, %arg.tx
  %.47.i213 = fsub nsz contract double %.1173.2, %arg.ty
  %.6.i.i214 = tail call nsz contract double @hypot(double %.44.i212, double %.47.i213)
  %.78.i215 = fmul nsz contract double %.6.i.i214, 1.500000e+00
  %.5.i.i216 = fptosi double %.78.i215 to i64
  %.187152.not.i217 = icmp slt i64 %.5.i.i216, 1
  br i1 %.187152.not.i217, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i218

B134.i222:                                        ; preds = %B134.lr.ph.i218, %B489.i249
  %.193151153.i223 = phi i64 [ 1, %B134.lr.ph.i218 ], [ %.200.i224, %B489.i249 ]
  %.200.i224 = add nuw i64 %.193151153.i223, 1
  %.226.i225 = sitofp i64 %.193151153.i223 to double
  %.231.i226 = fdiv nsz contract double %.226.i225, %.227.i220
  %.237.i227 = fmul nsz contract double %.6.i.i214, %.231.i226
  %.238.i228 = fcmp nsz contract olt double %.237.i227, 6.700000e-01
  br i1 %.238.i228, label %B489.i249, label %B164.i229

B164.i229:                                        ; preds = %B134.i222
  %.241.i230 = fsub nsz contract double 1.000000e+00, %.231.i226
  %.243.i231 = fmul nsz contract double %.6.i.i214, %.241.i230
  %.244.i232 = fcmp nsz contract olt double %.243.i231, 6.700000e-01
  br i1 %.244.i232, label %B489.i249, label %B190.i233

B190.i233:                                        ; preds = %B164.i229
  %.253.i234 = fmul nsz contract double %.47.i213, %.231.i226
  %.255.i235 = fadd nsz contract double %arg.ty, %.253.i234
  %.256.i236 = tail call nsz contract double @llvm.floor.f64(double %.255.i235)
  %.257.i237 = fptosi double %.256.i236 to i64
  %.262.i238 = fmul nsz contract double %.44.i212, %.231.i226
  %.264.i239 = fadd nsz contract double %arg.tx, %.262.i238
  %.265.i240 = tail call nsz contract double @llvm.floor.f64(double %.264.i239)
  %.266.i241 = fptosi double %.265.i240 to i64
  %.274.i242 = icmp sgt i64 %.257.i237, -1
  %.306.i243 = icmp sgt i64 %arg.height.5.0, %.257.i237
  %or.cond.i244 = select i1 %.274.i242, i1 %.306.i243, i1 false
  %.342.i245 = icmp sgt i64 %.266.i241, -1
  %or.cond148.i246 = select i1 %or.cond.i244, i1 %.342.i245, i1 false
  %.369.i247 = icmp sgt i64 %arg.height.5.1, %.266.i241
  %or.cond149.i248 = select i1 %or.cond148.i246, i1 %.369.i247, i1 false
  br i1 %or.cond149.i248, label %B418.i252, label %B489.i249

B418.i252:                                        ; preds = %B190.i233
  %.439.i253 = mul i64 %arg.height.5.1, %.257.i237
  %8 = getelementptr float, ptr %arg.height.4, i64 %.439.i253
  %.443.i254 = getelementptr float, ptr %8, i64 %.266.i241
  %.444.i255 = load float, ptr %.443.i254, align 4
  %.451.i256 = fmul nsz contract double %.449.i, %.231.i226
  %.455.i257 = fadd nsz contract double %arg.tz, %.451.i256
  %.456.i258 = fadd nsz contract double %.455.i257, 5.000000e-02
  %.457.i259 = fpext float %.444.i255 to double
  %.458.i260 = fcmp nsz contract olt double %.456.i258, %.457.i259
  br i1 %.458.i260, label %B558.3, label %B489.i249

B489.i249:                                        ; preds = %B418.i252, %B190.i233, %B164.i229, %B134.i222
  %9 = add i64 %10, %.200.i224
  %exitcond.i250 = icmp eq i64 %9, 1
  br i1 %exitcond.i250, label %B658.endif.endif.endif.sink.split, label %B134.i222

B134.lr.ph.i218:                                  ; preds = %B558.2
  %.103.i219 = add nuw i64 %.5.i.i216, 1
  %.227.i220 = sitofp i64 %.103.i219 to double
  %10 = mul i64 %.5.i.i216, -1
  br label %B134.i222

B558.3:                                           ; preds = %B418.i252
  %.1143.3 = fmul nsz contract double %.6.i, 5.000000e-01
  %.1158.3 = fmul nsz contract double %.944, %.1143.3
  %.1160.3 = fadd nsz contract double %.435, %.1158.3
  %.1163.3 = fadd nsz contract double %.1162, %.1160.3
  %.1166.3 = fmul nsz contract double %.1008, %.1143.3
  %.1170.3 = fadd nsz contract double %.490, %.1166.3
  %.1173.3 = fadd nsz contract double %.1172, %.1170.3
  %.44.i262 = fsub nsz contract double %.1163.3, %arg.tx
  %.47.i263 = fsub nsz contract double %.1173.3, %arg.ty
  %.6.i.i264 = tail call nsz contract double @hypot(double %.44.i262, double %.47.i263)
  %.78.i265 = fmul nsz contract double %.6.i.i264, 1.500000e+00
  %.5.i.i266 = fptosi double %.78.i265 to i64
  %.187152.not.i267 = icmp slt i64 %.5.i.i266, 1
  br i1 %.187152.not.i267, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i268

B134.i272:                                        ; preds = %B134.lr.ph.i268, %B489.i299
  %.193151153.i273 = phi i64 [ 1, %B134.lr.ph.i268 ], [ %.200.i274, %B489.i299 ]
  %.200.i274 = add nuw i64 %.193151153.i273, 1
  %.226.i275 = sitofp i64 %.193151153.i273 to double
  %.231.i276 = fdiv nsz contract double %.226.i275, %.227.i270
  %.237.i277 = fmul nsz contract double %.6.i.i264, %.231.i276
  %.238.i278 = fcmp nsz contract olt double %.237.i277, 6.700000e-01
  br i1 %.238.i278, label %B489.i299, label %B164.i279

B164.i279:                                        ; preds = %B134.i272
  %.241.i280 = fsub nsz contract double 1.000000e+00, %.231.i276
  %.243.i281 = fmul nsz contract double %.6.i.i264, %.241.i280
  %.244.i282 = fcmp nsz contract olt double %.243.i281, 6.700000e-01
  br i1 %.244.i282, label %B489.i299, label %B190.i283

B190.i283:                                        ; preds = %B164.i279
  %.253.i284 = fmul nsz contract double %.47.i263, %.231.i276
  %.255.i285 = fadd nsz contract double %arg.ty, %.253.i284
  %.256.i286 = tail call nsz contract double @llvm.floor.f64(double %.255.i285)
  %.257.i287 = fptosi double %.256.i286 to i64
  %.262.i288 = fmul nsz contract double %.44.i262, %.231.i276
  %.264.i289 = fadd nsz contract double %arg.tx, %.262.i288
  %.265.i290 = tail call nsz contract double @llvm.floor.f64(double %.264.i289)
  %.266.i291 = fptosi double %.265.i290 to i64
  %.274.i292 = icmp sgt i64 %.257.i287, -1
  %.306.i293 = icmp sgt i64 %arg.height.5.0, %.257.i287
  %or.cond.i294 = select i1 %.274.i292, i1 %.306.i293, i1 false
  %.342.i295 = icmp sgt i64 %.266.i291, -1
  %or.cond148.i296 = select i1 %or.cond.i294, i1 %.342.i295, i1 false
  %.369.i297 = icmp sgt i64 %arg.height.5.1, %.266.i291
  %or.cond149.i298 = select i1 %or.cond148.i296, i1 %.369.i297, i1 false
  br i1 %or.cond149.i298, label %B418.i302, label %B489.i299

B418.i302:                                        ; preds = %B190.i283
  %.439.i303 = mul i64 %arg.height.5.1, %.257.i287
  %11 = getelementptr float, ptr %arg.height.4, i64 %.439.i303
  %.443.i304 = getelementptr float, ptr %11, i64 %.266.i291
  %.444.i305 = load float, ptr %.443.i304, align 4
  %.451.i306 = fmul nsz contract double %.449.i, %.231.i276
  %.455.i307 = fadd nsz contract double %arg.tz, %.451.i306
  %.456.i308 = fadd nsz contract double %.455.i307, 5.000000e-02
  %.457.i309 = fpext float %.444.i305 to double
  %.458.i310 = fcmp nsz contract olt double %.456.i308, %.457.i309
  br i1 %.458.i310, label %B558.4, label %B489.i299

B489.i299:                                        ; preds = %B418.i302, %B190.i283, %B164.i279, %B134.i272
  %12 = add i64 %13, %.200.i274
  %exitcond.i300 = icmp eq i64 %12, 1
  br i1 %exitcond.i300, label %B658.endif.endif.endif.sink.split, label %B134.i272

B134.lr.ph.i268:                                  ; preds = %B558.3
  %.103.i269 = add nuw i64 %.5.i.i266, 1
  %.227.i270 = sitofp i64 %.103.i269 to double
  %13 = mul i64 %.5.i.i266, -1
  br label %B134.i272

B558.4:                                           ; preds = %B418.i302
  %.1143.4 = fmul nsz contract double %.6.i, 0x3FE4924924924925
  %.1158.4 = fmul nsz contract double %.944, %.1143.4
  %.1160.4 = fadd nsz contract double %.435, %.1158.4
  %.1163.4 = fadd nsz contract double %.1162, %.1160.4
  %.1166.4 = fmul nsz contract double %.1008, %.1143.4
  %.1170.4 = fadd nsz contract double %.490, %.1166.4
  %.1173.4 = fadd nsz contract double %.1172, %.1170.4
  %.44.i312 = fsub nsz contract double %.1163.4, %arg.tx
  %.47.i313 = fsub nsz contract double %.1173.4, %arg.ty
  %.6.i.i314 = tail call nsz contract double @hypot(double %.44.i312, double %.47.i313)
  %.78.i315 = fmul nsz contract double %.6.i.i314, 1.500000e+00
  %.5.i.i316 = fptosi double %.78.i315 to i64
  %.187152.not.i317 = icmp slt i64 %.5.i.i316, 1
  br i1 %.187152.not.i317, label %B658.endif.endif.endif.sink.split, label %B134.lr.ph.i318

B134.i322:                                        ; preds = %B134.lr.ph.i318, %B489.i349
  %.193151153.i323 = phi i64 [ 1, %B134.lr.ph.i318 ], [ %.200.i324, %B489.i349 ]
  %.200.i324 = add nuw i64 %.193151153.i323, 1
  %.226.i325 = sitofp i64 %.193151153.i323 to double
  %.231.i326 = fdiv nsz contract double %.226.i325, %.227.i320
  %.237.i327 = fmul nsz contract double %.6.i.i314, %.231.i326
  %.238.i328 = fcmp nsz contract olt double %.237.i327, 6.700000e-01
  br i1 %.238.i328, label %B489.i349, label %B164.i329

B164.i329:                                        ; preds = %B134.i322
  %.241.i330 = fsub nsz contract double 1.000000e+00, %.231.i326
  %.243.i331 = fmul nsz contract double %.6.i.i314, %.241.i330
  %.244.i332 = fcmp nsz contract olt double %.243.i331, 6.700000e-01
  br i1 %.244.i332, label %B489.i349, label %B190.i333

B190.i333:                                        ; preds = %B164.i329
  %.253.i334 = fmul nsz contract double %.47.i313, %.231.i326
  %.255.i335 = fadd nsz contract double %arg.ty, %.253.i334
  %.256.i336 = tail call nsz contract double @llvm.floor.f64(double %.255.i335)
  %.257.i337 = fptosi double %.256.i336 to i64
  %.262.i338 = fmul nsz contract double %.44.i312, %.231.i326
  %.264.i339 = fadd nsz contract double %arg.tx, %.262.i338
  %.265.i340 = tail call nsz contract double @llvm.floor.f64(double %.264.i339)
  %.266.i341 = fptosi double %.265.i340 to i64
  %.274.i342 = icmp sgt i64 %.257.i337, -1
  %.306.i343 = icmp sgt i64 %arg.height.5.0, %.257.i337
  %or.cond.i344 = select i1 %.274.i342, i1 %.306.i343, i1 false
  %.342.i345 = icmp sgt i64 %.266.i341, -1
  %or.cond148.i346 = select i1 %or.cond.i344, i1 %.342.i345, i1 false
  %.369.i347 = icmp sgt i64 %arg.height.5.1, %.266.i341
  %or.cond149.i348 = select i1 %or.cond148.i346, i1 %.369.i347, i1 false
  br i1 %or.cond149.i348, label %B418.i352, label %B489.i349

B418.i352:                                        ; preds = %B190.i333
  %.439.i353 = mul i64 %arg.height.5.1, %.257.i337
  %14 = getelementptr float, ptr %arg.height.4, i64 %.439.i353
  %.443.i354 = getelementptr float, ptr %14, i64 %.266.i341
  %.444.i355 = load float, ptr %.443.i354, align 4
  %.451.i356 = fmul nsz contract double %.449.i, %.231.i326
  %.455.i357 = fadd nsz contract double %arg.tz, %.451.i356
  %.456.i358 = fadd nsz contract double %.455.i357, 5.000000e-02
  %.457.i359 = fpext float %.444.i355 to double
  %.458.i360 = fcmp nsz contract olt double %.456.i358, %.457.i359
  br i1 %.458.i360, label %B558.5, label %B489.i349

B489.i349:                                        ; preds = %B418.i352, %B190.i333, %B164.i329, %B134.i322
  %15 = add i64 %16, %.200.i324
  %exitcond.i350 = icmp eq i64 %15, 1
  br i1 %exitcond.i350, label %B658.endif.endif.endif.sink.split, label %B134.i322

B134.lr.ph.i318:                                  ; preds = %B558.4
  %.103.i319 = add nuw i64 %.5.i.i316, 1
  %.227.i320 = sitofp i64 %.103.i319 to double
  %16 = mul i64 %.5.i.i316, -1
  br label %B134.i322

B558.5:                                           ; preds = %B418.i352
  store i8 0, ptr %.1179, align 1
  %.1143.5 = fmul nsz contract double %.6.i, 0x3FE9249249249249
  %.1158.5 = fmul nsz contract double %.944, %.1143.5
  %.1160.5 = fadd nsz contract double %.435, %.1158.5
  %.1163.5 = fadd nsz contract double %.1162, %.1160.5
  %.1166.5 = fmul nsz contract double %.1008, %.1143.5
  %.1170.5 = fadd nsz contract double %.490, %.1166.5
  %.1173.5 = fadd nsz contract double %.1172, %.1170.5
  %.1187.5 = call i32 @part0(ptr nonnull %.1179, ptr nonnull %excinfo.2, ptr %arg.height.0, ptr %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr nonnull %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %.1163.5, double %.1173.5, double %.655)
  %cond = icmp eq i32 %.1187.5, 0
  br i1 %cond, label %B646.5, label %common.ret

B646.5:                                           ; preds = %B558.5
  %.1197.5 = load i8, ptr %.1179, align 1
  %.1200.5.not = icmp eq i8 %.1197.5, 0
  br i1 %.1200.5.not, label %B558.6, label %B658.endif.endif.endif

B558.6:                                           ; preds = %B646.5
  %.1143.6 = fmul nsz contract double %.6.i, 0x3FEDB6DB6DB6DB6E
  %.1158.6 = fmul nsz contract double %.944, %.1143.6
  %.1160.6 = fadd nsz contract double %.435, %.1158.6
  %.1163.6 = fadd nsz contract double %.1162, %.1160.6
  %.1166.6 = fmul nsz contract double %.1008, %.1143.6
  %.1170.6 = fadd nsz contract double %.490, %.1166.6
  %.1173.6 = fadd nsz contract double %.1172, %.1170.6
  %.1187.6 = call i32 @part0(ptr nonnull %.1179, ptr nonnull %excinfo.2, ptr %arg.height.0, ptr %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr nonnull %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %.1163.6, double %.1173.6, double %.655)
  %cond560 = icmp eq i32 %.1187.6, 0
  br i1 %cond560, label %B650, label %common.ret

B650:                                             ; preds = %B558.6
  %.1197.6 = load i8, ptr %.1179, align 1
  %.1200.6.not = icmp eq i8 %.1197.6, 0
  br i1 %.1200.6.not, label %B2880, label %B658.endif.endif.endif

common.ret:                                       ; preds = %B2878, %B558.6, %B558.5
  %excinfo.sink = phi ptr [ %retptr, %B2878 ], [ %excinfo, %B558.6 ], [ %excinfo, %B558.5 ]
  %common.ret.op = phi i32 [ 0, %B2878 ], [ %.1187.6, %B558.6 ], [ %.1187.5, %B558.5 ]
  store ptr null, ptr %excinfo.sink, align 8
  ret i32 %common.ret.op

B2878:                                            ; preds = %B2880, %B0.else.if
  br label %common.ret

B2880:                                            ; preds = %B858.B800.loopexit_crit_edge.us, %B802.endif.lr.ph, %B658.endif.endif.endif, %B144.endif, %B650, %B384
  %exitcond2154.not = icmp eq i64 %.353, %arg.edges.5.0
  br i1 %exitcond2154.not, label %B2878, label %B144.endif

B144.endif:                                       ; preds = %B2880, %B144.lr.ph
  %.34614711652 = phi i64 [ 0, %B144.lr.ph ], [ %.353, %B2880 ]
  %.353 = add nuw nsw i64 %.34614711652, 1
  %.430 = mul i64 %.34614711652, %arg.edges.5.1
  %.434 = getelementptr double, ptr %arg.edges.4, i64 %.430
  %.435 = load double, ptr %.434, align 8
  %.489 = getelementptr i8, ptr %.434, i64 8
  %.490 = load double, ptr %.489, align 8
  %.544 = getelementptr i8, ptr %.434, i64 32
  %.545 = load double, ptr %.544, align 8
  %.599 = getelementptr i8, ptr %.434, i64 40
  %.600 = load double, ptr %.599, align 8
  %.654 = getelementptr i8, ptr %.434, i64 48
  %.655 = load double, ptr %.654, align 8
  %.754 = getelementptr i8, ptr %.434, i64 16
  %.755 = load double, ptr %.754, align 8
  %.757 = fsub nsz contract double %.755, %.435
  %.811 = getelementptr i8, ptr %.434, i64 24
  %.812 = load double, ptr %.811, align 8
  %.814 = fsub nsz contract double %.812, %.490
  %.6.i = tail call nsz contract double @hypot(double %.757, double %.814)
  %.844 = fsub nsz contract double %arg.tx, %.435
  %.846 = fmul nsz contract double %.844, %.545
  %.849 = fsub nsz contract double %arg.ty, %.490
  %.851 = fmul nsz contract double %.849, %.600
  %.852 = fadd nsz contract double %.846, %.851
  %.857 = fcmp nsz contract olt double %.6.i, 5.000000e-01
  br i1 %.857, label %B2880, label %B384

B658.endif.endif.endif.sink.split:                ; preds = %B489.i349, %B558.4, %B489.i299, %B558.3, %B489.i249, %B558.2, %B489.i199, %B558.1, %B489.i, %B558
  store i8 1, ptr %.1179, align 1
  br label %B658.endif.endif.endif

B658.endif.endif.endif:                           ; preds = %B658.endif.endif.endif.sink.split, %B650, %B646.5
  %17 = icmp slt i64 %arg.into.5.1, 1
  %.1258 = fmul nsz contract double %.844, %.944
  %.1263 = fmul nsz contract double %.849, %.1008
  %.1264 = fadd nsz contract double %.1258, %.1263
  %.1267 = fsub nsz contract double %arg.tz, %.655
  %.1272 = fdiv nsz contract double %.1267, %arg.cell_m
  %.6.i362 = tail call nsz contract double @hypot(double %.852, double %.1272)
  br i1 %17, label %B2880, label %B802.endif.lr.ph

B802.endif.lr.ph:                                 ; preds = %B658.endif.endif.endif
  %18 = icmp slt i64 %arg.into.5.2, 1
  %.1773 = fsub nsz contract double %.655, %arg.receiver_m
  %.1778 = fdiv nsz contract double %.1773, %arg.cell_m
  %.1883 = fsub nsz contract double %.655, %arg.tz
  %.1896 = fsub nsz contract double %arg.receiver_m, %.655
  %.1900 = fmul nsz contract double %.1883, %.1883
  %.1934 = fmul nsz contract double %.1896, %.1896
  %.1968 = fmul nsz contract double %.1883, %.1896
  br i1 %18, label %B2880, label %B802.endif.us.preheader

B802.endif.us.preheader:                          ; preds = %B802.endif.lr.ph
  br label %B802.endif.us

B802.endif.us:                                    ; preds = %B858.B800.loopexit_crit_edge.us, %B802.endif.us.preheader
  %.141112031275.us = phi i64 [ %.1418.us, %B858.B800.loopexit_crit_edge.us ], [ 0, %B802.endif.us.preheader ]
  %.1593.us = add nsw i64 %.141112031275.us, %arg.first_row
  %.1594.us = sitofp i64 %.1593.us to double
  %.1595.us = fadd nsz contract double %.1594.us, 5.000000e-01
  %.1609.us = fsub nsz contract double %.1595.us, %.490
  %.1611.us = fmul nsz contract double %.600, %.1609.us
  %.1688.us = mul i64 %.141112031275.us, %arg.into.5.2
  %19 = getelementptr double, ptr %0, i64 %.1688.us
  %.1729.us = icmp slt i64 %.1593.us, 0
  %.1730.us = select i1 %.1729.us, i64 %arg.height.5.0, i64 0
  %.1731.us = add i64 %.1730.us, %.1593.us
  %.1751.us = mul i64 %.1731.us, %arg.height.5.1
  %20 = getelementptr float, ptr %arg.height.4, i64 %.1751.us
  %.1817.us = fmul nsz contract double %.1008, %.1609.us
  %invariant.gep.us = getelementptr double, ptr %arg.into.4, i64 %.1688.us
  %21 = getelementptr double, ptr %1, i64 %.1688.us
  br label %B860.us

B860.us:                                          ; preds = %B2879.us, %B802.endif.us
  %.155111211176.us = phi i64 [ 0, %B802.endif.us ], [ %.1558.us, %B2879.us ]
  %.1558.us = add nuw nsw i64 %.155111211176.us, 1
  %.1588.us = add nsw i64 %.155111211176.us, %arg.first_col
  %.1589.us = sitofp i64 %.1588.us to double
  %.1590.us = fadd nsz contract double %.1589.us, 5.000000e-01
  %.1604.us = fsub nsz contract double %.1590.us, %.435
  %.1606.us = fmul nsz contract double %.545, %.1604.us
  %.1612.us = fadd nsz contract double %.1611.us, %.1606.us
  %.1617.us = fcmp nsz contract ugt double %.1612.us, 0.000000e+00
  br i1 %.1617.us, label %B940.us, label %B2879.us

B940.us:                                          ; preds = %B860.us
  %.1692.us = getelementptr double, ptr %19, i64 %.155111211176.us
  %.1693.us = load double, ptr %.1692.us, align 8
  %.1697.us = fcmp nsz contract ogt double %.1693.us, 0.000000e+00
  br i1 %.1697.us, label %B2879.us, label %B970.us

B970.us:                                          ; preds = %B940.us
  %.1732.us = icmp slt i64 %.1588.us, 0
  %.1733.us = select i1 %.1732.us, i64 %arg.height.5.1, i64 0
  %22 = getelementptr float, ptr %20, i64 %.1588.us
  %.1755.us = getelementptr float, ptr %22, i64 %.1733.us
  %.1756.us = load float, ptr %.1755.us, align 4
  %.1760.us = fcmp nsz contract ogt float %.1756.us, 0.000000e+00
  br i1 %.1760.us, label %B2879.us, label %B1012.endif.endif.us

B1012.endif.endif.us:                             ; preds = %B970.us
  %.6.i363 = tail call nsz contract double @hypot(double %.1612.us, double %.1778)
  %.1807.us = fmul nsz contract double %.1264, %.6.i363
  %.1812.us = fmul nsz contract double %.944, %.1604.us
  %.1818.us = fadd nsz contract double %.1817.us, %.1812.us
  %.1820.us = fmul nsz contract double %.6.i362, %.1818.us
  %.1821.us = fadd nsz contract double %.1820.us, %.1807.us
  %.1823.us = fadd nsz contract double %.6.i362, %.6.i363
  %.1827.us = fdiv nsz contract double %.1821.us, %.1823.us
  %.1832.us = fcmp nsz contract olt double %.1827.us, 0.000000e+00
  %.1836.us = fcmp nsz contract ogt double %.1827.us, %.6.i
  %or.cond917.us = or i1 %.1832.us, %.1836.us
  br i1 %or.cond917.us, label %B2879.us, label %B1156.endif.endif.endif.endif.us

B1156.endif.endif.endif.endif.us:                 ; preds = %B1012.endif.endif.us
  %23 = icmp ne i64 %arg.pattern.5.0, -1
  %24 = icmp ne i64 %arg.pattern.5.0, 0
  %.1849.us = fmul nsz contract double %.944, %.1827.us
  %.1851.us = fadd nsz contract double %.435, %.1849.us
  %.1854.us = fadd nsz contract double %.1162, %.1851.us
  %.1857.us = fmul nsz contract double %.1008, %.1827.us
  %.1861.us = fadd nsz contract double %.490, %.1857.us
  %.1864.us = fadd nsz contract double %.1172, %.1861.us
  %.1873.us = fsub nsz contract double %.1854.us, %arg.tx
  %.1875.us = fmul nsz contract double %arg.cell_m, %.1873.us
  %.1878.us = fsub nsz contract double %.1864.us, %arg.ty
  %.1880.us = fmul nsz contract double %arg.cell_m, %.1878.us
  %.1886.us = fsub nsz contract double %.1590.us, %.1854.us
  %.1888.us = fmul nsz contract double %arg.cell_m, %.1886.us
  %.1891.us = fsub nsz contract double %.1595.us, %.1864.us
  %.1893.us = fmul nsz contract double %arg.cell_m, %.1891.us
  %.1897.us = fmul nsz contract double %.1875.us, %.1875.us
  %.1898.us = fmul nsz contract double %.1880.us, %.1880.us
  %.1899.us = fadd nsz contract double %.1897.us, %.1898.us
  %.1901.us = fadd nsz contract double %.1900, %.1899.us
  %sqrt.us = tail call nsz contract double @llvm.sqrt.f64(double %.1901.us)
  %.12.i = fcmp nsz contract olt double %sqrt.us, 1.000000e-01
  %.13.i = select i1 %.12.i, double 1.000000e-01, double %sqrt.us
  %.1931.us = fmul nsz contract double %.1888.us, %.1888.us
  %.1932.us = fmul nsz contract double %.1893.us, %.1893.us
  %.1933.us = fadd nsz contract double %.1931.us, %.1932.us
  %.1935.us = fadd nsz contract double %.1934, %.1933.us
  %sqrt923.us = tail call nsz contract double @llvm.sqrt.f64(double %.1935.us)
  %.12.i364 = fcmp nsz contract olt double %sqrt923.us, 1.000000e-01
  %.13.i365 = select i1 %.12.i364, double 1.000000e-01, double %sqrt923.us
  %.1965.us = fmul nsz contract double %.1875.us, %.1888.us
  %.1966.us = fmul nsz contract double %.1880.us, %.1893.us
  %.1967.us = fadd nsz contract double %.1965.us, %.1966.us
  %.1969.us = fadd nsz contract double %.1968, %.1967.us
  %.1970.us = fmul nsz contract double %.13.i, %.13.i365
  %.1974.us = fdiv nsz contract double %.1969.us, %.1970.us
  %.1975.us = fmul nsz contract double %.1974.us, 2.000000e+00
  %.1976.us = fsub nsz contract double 2.000000e+00, %.1975.us
  %.12.i366 = fcmp nsz contract olt double %.1976.us, 0.000000e+00
  %.13.i367 = select i1 %.12.i366, double 0.000000e+00, double %.1976.us
  %sqrt = tail call nsz contract double @llvm.sqrt.f64(double %.13.i367)
  %.2006.us = fmul nsz contract double %.13.i, 2.000000e+00
  %.2007.us = fmul nsz contract double %.13.i365, %.2006.us
  %.2008.us = fadd nsz contract double %.13.i, %.13.i365
  %.2010.us = fmul nsz contract double %arg.wavelength, %.2008.us
  %.2014.us = fdiv nsz contract double %.2007.us, %.2010.us
  %.2015.us = tail call nsz contract double @sqrt(double %.2014.us)
  %.2016.us = fmul nsz contract double %sqrt, %.2015.us
  %.2017.us = tail call nsz contract double @atan2(double %.1880.us, double %.1875.us)
  %.2022.us = fdiv nsz contract double %.2017.us, 0x401921FB54442D18
  %.2025.us = fmul nsz contract double %.2022.us, %.2024
  %.2026.us = tail call nsz contract double @llvm.floor.f64(double %.2025.us)
  %.2027.us = fptosi double %.2026.us to i64
  %.2042.us = icmp ne i64 %.2027.us, %const
  %.2044.not.us = or i1 %23, %.2042.us
  %or.cond1664 = select i1 %24, i1 %.2044.not.us, i1 false
  br i1 %or.cond1664, label %B1156.endif.endif.endif.endif.endif.endif.else.if.us, label %B1156.endif.endif.endif.e...endif.endif.endif.endif.us

B1156.endif.endif.endif.endif.endif.endif.else.if.us: ; preds = %B1156.endif.endif.endif.endif.us
  %25 = or i64 %.2027.us, %arg.pattern.5.0
  %26 = and i64 %25, -4294967296
  %27 = icmp eq i64 %26, 0
  br i1 %27, label %28, label %33

28:                                               ; preds = %B1156.endif.endif.endif.endif.endif.endif.else.if.us
  %29 = trunc i64 %arg.pattern.5.0 to i32
  %30 = trunc i64 %.2027.us to i32
  %31 = urem i32 %30, %29
  %32 = zext i32 %31 to i64
  br label %35

33:                                               ; preds = %B1156.endif.endif.endif.endif.endif.endif.else.if.us
  %34 = srem i64 %.2027.us, %arg.pattern.5.0
  br label %35

35:                                               ; preds = %33, %28
  %36 = phi i64 [ %32, %28 ], [ %34, %33 ]
  %.2049.us = xor i64 %36, %arg.pattern.5.0
  %.2050.us = icmp slt i64 %.2049.us, 0
  %.2051.us = icmp ne i64 %36, 0
  %.2052.us = and i1 %.2051.us, %.2050.us
  %.2059.us = select i1 %.2052.us, i64 %arg.pattern.5.0, i64 0
  %spec.select918.us = add i64 %.2059.us, %36
  %37 = freeze i64 %spec.select918.us
  br label %B1156.endif.endif.endif.e...endif.endif.endif.endif.us

B1156.endif.endif.endif.e...endif.endif.endif.endif.us: ; preds = %35, %B1156.endif.endif.endif.endif.us
  %rem.1.0.us = phi i64 [ 0, %B1156.endif.endif.endif.endif.us ], [ %37, %35 ]
  %.2072.us = fdiv nsz contract double %.1883, %.13.i
  %.12.i368 = fcmp nsz contract olt double %.2072.us, 1.000000e+00
  %.13.i369 = select i1 %.12.i368, double %.2072.us, double 1.000000e+00
  %.12.i370 = fcmp nsz contract ogt double %.13.i369, -1.000000e+00
  %.13.i371 = select i1 %.12.i370, double %.13.i369, double -1.000000e+00
  %.2129.us = tail call nsz contract double @asin(double %.13.i371)
  %.2133.us = fdiv nsz contract double %.2129.us, 0x400921FB54442D18
  %.2134.us = fadd nsz contract double %.2133.us, 5.000000e-01
  %.2138.us = fmul nsz contract double %.2134.us, %.2137
  %.2139.us = fadd nsz contract double %.2138.us, 5.000000e-01
  %.5.i = fptosi double %.2139.us to i64
  %.2188.us = icmp slt i64 %rem.1.0.us, 0
  %spec.select = select i1 %.2188.us, i64 %arg.pattern.5.0, i64 0
  %.2190.us = add i64 %spec.select, %rem.1.0.us
  %.2191.us = icmp slt i64 %.5.i, 0
  %.2192.us = select i1 %.2191.us, i64 %arg.pattern.5.1, i64 0
  %.2210.us = mul i64 %.2190.us, %arg.pattern.5.1
  %38 = getelementptr double, ptr %arg.pattern.4, i64 %.2210.us
  %39 = getelementptr double, ptr %38, i64 %.5.i
  %.2214.us = getelementptr double, ptr %39, i64 %.2192.us
  %.2215.us = load double, ptr %.2214.us, align 8
  %.8.i = fcmp nsz contract ugt double %.2016.us, -7.800000e-01
  br i1 %.8.i, label %B20.i, label %B1156.endif.endif.endif.e...endif.1.us

B20.i:                                            ; preds = %B1156.endif.endif.endif.e...endif.endif.endif.endif.us
  %.15.i = fadd nsz contract double %.2016.us, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %.2016.us, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %40 = fmul nsz contract double %.51.i, -1.000000e-01
  %41 = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %40)
  br label %B1156.endif.endif.endif.e...endif.1.us

B1156.endif.endif.endif.e...endif.1.us:           ; preds = %B20.i, %B1156.endif.endif.endif.e...endif.endif.endif.endif.us
  %storemerge.i372 = phi double [ %41, %B20.i ], [ 1.000000e+00, %B1156.endif.endif.endif.e...endif.endif.endif.endif.us ]
  %.147.i = fmul nsz contract double %.2008.us, %.2008.us
  %invariant.gep1092.us = getelementptr double, ptr %invariant.gep.us, i64 %.155111211176.us
  %gep1093.us = getelementptr double, ptr %invariant.gep1092.us, i64 %.2470.us
  %.2477.us = load double, ptr %gep1093.us, align 8
  %gep1093.us.1 = getelementptr double, ptr %invariant.gep1092.us, i64 %.2470.us.1
  %.2477.us.1 = load double, ptr %gep1093.us.1, align 8
  %.2482.us.1 = fadd nsz contract double %.2477.us, %.2477.us.1
  %gep1093.us.2 = getelementptr double, ptr %invariant.gep1092.us, i64 %.2470.us.2
  %.2477.us.2 = load double, ptr %gep1093.us.2, align 8
  %.2482.us.2 = fadd nsz contract double %.2482.us.1, %.2477.us.2
  %gep1093.us.3 = getelementptr double, ptr %invariant.gep1092.us, i64 %.2470.us.3
  %.2477.us.3 = load double, ptr %gep1093.us.3, align 8
  %.2482.us.3 = fadd nsz contract double %.2482.us.2, %.2477.us.3
  %gep1093.us.4 = getelementptr double, ptr %invariant.gep1092.us, i64 %.2470.us.4
  %.2477.us.4 = load double, ptr %gep1093.us.4, align 8
  %.2482.us.4 = fadd nsz contract double %.2482.us.3, %.2477.us.4
  %.2219.us = fmul nsz contract double %arg.unit, %.2215.us
  %.2247.us = fmul nsz contract double %.2219.us, %storemerge.i372
  %.2276.us = fdiv nsz contract double %.2247.us, %.147.i
  %.2491.us = fmul nsz contract double %.2482.us.4, 2.000000e-02
  %.2495.us = fcmp nsz contract olt double %.2276.us, %.2491.us
  br i1 %.2495.us, label %B2879.us, label %B2188.us

B2188.us:                                         ; preds = %B1156.endif.endif.endif.e...endif.1.us
  %.44.i374 = fsub nsz contract double %.1854.us, %.1590.us
  %.47.i375 = fsub nsz contract double %.1864.us, %.1595.us
  %.6.i.i376 = tail call nsz contract double @hypot(double %.44.i374, double %.47.i375)
  %.78.i377 = fmul nsz contract double %.6.i.i376, 1.500000e+00
  %.5.i.i378 = fptosi double %.78.i377 to i64
  %.187152.not.i379 = icmp slt i64 %.5.i.i378, 1
  br i1 %.187152.not.i379, label %B2234.us, label %B134.lr.ph.i380

B134.i384:                                        ; preds = %B134.lr.ph.i380, %B489.i411
  %.193151153.i385 = phi i64 [ 1, %B134.lr.ph.i380 ], [ %.200.i386, %B489.i411 ]
  %.200.i386 = add nuw i64 %.193151153.i385, 1
  %.226.i387 = sitofp i64 %.193151153.i385 to double
  %.231.i388 = fdiv nsz contract double %.226.i387, %.227.i382
  %.237.i389 = fmul nsz contract double %.6.i.i376, %.231.i388
  %.238.i390 = fcmp nsz contract olt double %.237.i389, 6.700000e-01
  br i1 %.238.i390, label %B489.i411, label %B164.i391

B164.i391:                                        ; preds = %B134.i384
  %.241.i392 = fsub nsz contract double 1.000000e+00, %.231.i388
  %.243.i393 = fmul nsz contract double %.6.i.i376, %.241.i392
  %.244.i394 = fcmp nsz contract olt double %.243.i393, 6.700000e-01
  br i1 %.244.i394, label %B489.i411, label %B190.i395

B190.i395:                                        ; preds = %B164.i391
  %.253.i396 = fmul nsz contract double %.47.i375, %.231.i388
  %.255.i397 = fadd nsz contract double %.1595.us, %.253.i396
  %.256.i398 = tail call nsz contract double @llvm.floor.f64(double %.255.i397)
  %.257.i399 = fptosi double %.256.i398 to i64
  %.262.i400 = fmul nsz contract double %.44.i374, %.231.i388
  %.264.i401 = fadd nsz contract double %.1590.us, %.262.i400
  %.265.i402 = tail call nsz contract double @llvm.floor.f64(double %.264.i401)
  %.266.i403 = fptosi double %.265.i402 to i64
  %.274.i404 = icmp sgt i64 %.257.i399, -1
  %.306.i405 = icmp sgt i64 %arg.height.5.0, %.257.i399
  %or.cond.i406 = select i1 %.274.i404, i1 %.306.i405, i1 false
  %.342.i407 = icmp sgt i64 %.266.i403, -1
  %or.cond148.i408 = select i1 %or.cond.i406, i1 %.342.i407, i1 false
  %.369.i409 = icmp sgt i64 %arg.height.5.1, %.266.i403
  %or.cond149.i410 = select i1 %or.cond148.i408, i1 %.369.i409, i1 false
  br i1 %or.cond149.i410, label %B418.i414, label %B489.i411

B418.i414:                                        ; preds = %B190.i395
  %.439.i415 = mul i64 %arg.height.5.1, %.257.i399
  %42 = getelementptr float, ptr %arg.height.4, i64 %.439.i415
  %.443.i416 = getelementptr float, ptr %42, i64 %.266.i403
  %.444.i417 = load float, ptr %.443.i416, align 4
  %.451.i418 = fmul nsz contract double %.1773, %.231.i388
  %.455.i419 = fadd nsz contract double %arg.receiver_m, %.451.i418
  %.456.i420 = fadd nsz contract double %.455.i419, 5.000000e-02
  %.457.i421 = fpext float %.444.i417 to double
  %.458.i422 = fcmp nsz contract olt double %.456.i420, %.457.i421
  br i1 %.458.i422, label %B2879.us, label %B489.i411

B489.i411:                                        ; preds = %B418.i414, %B190.i395, %B164.i391, %B134.i384
  %43 = add i64 %44, %.200.i386
  %exitcond.i412 = icmp eq i64 %43, 1
  br i1 %exitcond.i412, label %B2234.us, label %B134.i384

B134.lr.ph.i380:                                  ; preds = %B2188.us
  %.103.i381 = add nuw i64 %.5.i.i378, 1
  %.227.i382 = sitofp i64 %.103.i381 to double
  %44 = mul i64 %.5.i.i378, -1
  br label %B134.i384

B2234.us:                                         ; preds = %B489.i411, %B2188.us
  %.6.i.i426 = tail call nsz contract double @hypot(double %.1873.us, double %.1878.us)
  %.78.i427 = fmul nsz contract double %.6.i.i426, 1.500000e+00
  %.5.i.i428 = fptosi double %.78.i427 to i64
  %.187152.not.i429 = icmp slt i64 %.5.i.i428, 1
  br i1 %.187152.not.i429, label %B2278.us, label %B134.lr.ph.i430

B134.i434:                                        ; preds = %B134.lr.ph.i430, %B489.i461
  %.193151153.i435 = phi i64 [ 1, %B134.lr.ph.i430 ], [ %.200.i436, %B489.i461 ]
  %.200.i436 = add nuw i64 %.193151153.i435, 1
  %.226.i437 = sitofp i64 %.193151153.i435 to double
  %.231.i438 = fdiv nsz contract double %.226.i437, %.227.i432
  %.237.i439 = fmul nsz contract double %.6.i.i426, %.231.i438
  %.238.i440 = fcmp nsz contract olt double %.237.i439, 6.700000e-01
  br i1 %.238.i440, label %B489.i461, label %B164.i441

B164.i441:                                        ; preds = %B134.i434
  %.241.i442 = fsub nsz contract double 1.000000e+00, %.231.i438
  %.243.i443 = fmul nsz contract double %.6.i.i426, %.241.i442
  %.244.i444 = fcmp nsz contract olt double %.243.i443, 6.700000e-01
  br i1 %.244.i444, label %B489.i461, label %B190.i445

B190.i445:                                        ; preds = %B164.i441
  %.253.i446 = fmul nsz contract double %.1878.us, %.231.i438
  %.255.i447 = fadd nsz contract double %arg.ty, %.253.i446
  %.256.i448 = tail call nsz contract double @llvm.floor.f64(double %.255.i447)
  %.257.i449 = fptosi double %.256.i448 to i64
  %.262.i450 = fmul nsz contract double %.1873.us, %.231.i438
  %.264.i451 = fadd nsz contract double %arg.tx, %.262.i450
  %.265.i452 = tail call nsz contract double @llvm.floor.f64(double %.264.i451)
  %.266.i453 = fptosi double %.265.i452 to i64
  %.274.i454 = icmp sgt i64 %.257.i449, -1
  %.306.i455 = icmp sgt i64 %arg.height.5.0, %.257.i449
  %or.cond.i456 = select i1 %.274.i454, i1 %.306.i455, i1 false
  %.342.i457 = icmp sgt i64 %.266.i453, -1
  %or.cond148.i458 = select i1 %or.cond.i456, i1 %.342.i457, i1 false
  %.369.i459 = icmp sgt i64 %arg.height.5.1, %.266.i453
  %or.cond149.i460 = select i1 %or.cond148.i458, i1 %.369.i459, i1 false
  br i1 %or.cond149.i460, label %B418.i464, label %B489.i461

B418.i464:                                        ; preds = %B190.i445
  %.439.i465 = mul i64 %arg.height.5.1, %.257.i449
  %45 = getelementptr float, ptr %arg.height.4, i64 %.439.i465
  %.443.i466 = getelementptr float, ptr %45, i64 %.266.i453
  %.444.i467 = load float, ptr %.443.i466, align 4
  %.451.i468 = fmul nsz contract double %.1883, %.231.i438
  %.455.i469 = fadd nsz contract double %arg.tz, %.451.i468
  %.456.i470 = fadd nsz contract double %.455.i469, 5.000000e-02
  %.457.i471 = fpext float %.444.i467 to double
  %.458.i472 = fcmp nsz contract olt double %.456.i470, %.457.i471
  br i1 %.458.i472, label %B2879.us, label %B489.i461

B489.i461:                                        ; preds = %B418.i464, %B190.i445, %B164.i441, %B134.i434
  %46 = add i64 %47, %.200.i436
  %exitcond.i462 = icmp eq i64 %46, 1
  br i1 %exitcond.i462, label %B2278.us, label %B134.i434

B134.lr.ph.i430:                                  ; preds = %B2234.us
  %.103.i431 = add nuw i64 %.5.i.i428, 1
  %.227.i432 = sitofp i64 %.103.i431 to double
  %47 = mul i64 %.5.i.i428, -1
  br label %B134.i434

B2278.us:                                         ; preds = %B489.i461, %B2234.us
  %48 = icmp sgt i64 %arg.crown.5.0, 0
  br i1 %48, label %B2312.us, label %B2458.endif.endif.endif.us

B2312.us:                                         ; preds = %B2278.us
  %.81.i = fmul nsz contract double %.6.i.i426, 3.000000e+00
  %.5.i.i477 = fptosi double %.81.i to i64
  %.106.i = add i64 %.5.i.i477, 1
  %.193150.not.i = icmp slt i64 %.5.i.i477, 0
  br i1 %.193150.not.i, label %B2312.endif.us, label %B136.lr.ph.i

B136.i:                                           ; preds = %B136.lr.ph.i, %B437.i
  %inside.2.0153.i = phi i64 [ 0, %B136.lr.ph.i ], [ %inside.3.1.i, %B437.i ]
  %.199149151.i = phi i64 [ 0, %B136.lr.ph.i ], [ %.206.i, %B437.i ]
  %.206.i = add nuw i64 %.199149151.i, 1
  %.231.i478 = uitofp nneg i64 %.199149151.i to double
  %.232.i = fadd nsz contract double %.231.i478, 5.000000e-01
  %.238.i479 = fdiv nsz contract double %.232.i, %.234.i
  %.246.i = fmul nsz contract double %.1878.us, %.238.i479
  %.248.i = fadd nsz contract double %arg.ty, %.246.i
  %.249.i = tail call nsz contract double @llvm.floor.f64(double %.248.i)
  %.250.i = fptosi double %.249.i to i64
  %.255.i480 = fmul nsz contract double %.1873.us, %.238.i479
  %.257.i481 = fadd nsz contract double %arg.tx, %.255.i480
  %.258.i = tail call nsz contract double @llvm.floor.f64(double %.257.i481)
  %.259.i = fptosi double %.258.i to i64
  %.267.i = icmp sgt i64 %.250.i, -1
  %.293.i = icmp sgt i64 %arg.crown.5.0, %.250.i
  %or.cond147.i = select i1 %.267.i, i1 %.293.i, i1 false
  br i1 %or.cond147.i, label %B324.i, label %B437.i

B324.i:                                           ; preds = %B136.i
  %.316.i = icmp sgt i64 %.259.i, -1
  %.341.i = icmp sgt i64 %arg.crown.5.1, %.259.i
  %or.cond.i482 = select i1 %.316.i, i1 %.341.i, i1 false
  br i1 %or.cond.i482, label %B378.i, label %B437.i

B378.i:                                           ; preds = %B324.i
  %.417.i = mul i64 %arg.crown.5.1, %.250.i
  %49 = getelementptr float, ptr %arg.crown.4, i64 %.417.i
  %.421.i = getelementptr float, ptr %49, i64 %.259.i
  %.422.i = load float, ptr %.421.i, align 4
  %.429.i = fmul nsz contract double %.1883, %.238.i479
  %.433.i = fadd nsz contract double %arg.tz, %.429.i
  %.434.i = fpext float %.422.i to double
  %.435.i = fcmp nsz contract olt double %.433.i, %.434.i
  br i1 %.435.i, label %B424.i, label %B437.i

B424.i:                                           ; preds = %B378.i
  %.438.i = add nsw i64 %inside.2.0153.i, 1
  br label %B437.i

B436.loopexit.i:                                  ; preds = %B437.i
  %50 = sitofp i64 %inside.3.1.i to double
  br label %B2312.endif.us

B437.i:                                           ; preds = %B424.i, %B378.i, %B324.i, %B136.i
  %inside.3.1.i = phi i64 [ %inside.2.0153.i, %B324.i ], [ %inside.2.0153.i, %B136.i ], [ %.438.i, %B424.i ], [ %inside.2.0153.i, %B378.i ]
  %exitcond.not.i = icmp eq i64 %51, %.206.i
  br i1 %exitcond.not.i, label %B436.loopexit.i, label %B136.i

B136.lr.ph.i:                                     ; preds = %B2312.us
  %.234.i = uitofp nneg i64 %.106.i to double
  %51 = add i64 %.5.i.i477, 1
  br label %B136.i

B2312.endif.us:                                   ; preds = %B436.loopexit.i, %B2312.us
  %inside.2.0.lcssa.i = phi double [ %50, %B436.loopexit.i ], [ 0.000000e+00, %B2312.us ]
  %.479.i = fmul nsz contract double %arg.cell_m, %.6.i.i426
  %.6.i1.i = tail call nsz contract double @hypot(double %.479.i, double %.1883)
  %.517.i = fmul nsz contract double %inside.2.0.lcssa.i, %.6.i1.i
  %.521.i = sitofp i64 %.106.i to double
  %.525.i = fdiv nsz contract double %.517.i, %.521.i
  %.6.i.i485 = tail call nsz contract double @hypot(double %.1886.us, double %.1891.us)
  %.81.i486 = fmul nsz contract double %.6.i.i485, 3.000000e+00
  %.5.i.i487 = fptosi double %.81.i486 to i64
  %.106.i488 = add i64 %.5.i.i487, 1
  %.193150.not.i489 = icmp slt i64 %.5.i.i487, 0
  br i1 %.193150.not.i489, label %B2312.endif.endif.endif.us, label %B136.lr.ph.i490

B136.i493:                                        ; preds = %B136.lr.ph.i490, %B437.i511
  %inside.2.0153.i494 = phi i64 [ 0, %B136.lr.ph.i490 ], [ %inside.3.1.i512, %B437.i511 ]
  %.199149151.i495 = phi i64 [ 0, %B136.lr.ph.i490 ], [ %.206.i496, %B437.i511 ]
  %.206.i496 = add nuw i64 %.199149151.i495, 1
  %.231.i497 = uitofp nneg i64 %.199149151.i495 to double
  %.232.i498 = fadd nsz contract double %.231.i497, 5.000000e-01
  %.238.i499 = fdiv nsz contract double %.232.i498, %.234.i491
  %.246.i500 = fmul nsz contract double %.1891.us, %.238.i499
  %.248.i501 = fadd nsz contract double %.1864.us, %.246.i500
  %.249.i502 = tail call nsz contract double @llvm.floor.f64(double %.248.i501)
  %.250.i503 = fptosi double %.249.i502 to i64
  %.255.i504 = fmul nsz contract double %.1886.us, %.238.i499
  %.257.i505 = fadd nsz contract double %.1854.us, %.255.i504
  %.258.i506 = tail call nsz contract double @llvm.floor.f64(double %.257.i505)
  %.259.i507 = fptosi double %.258.i506 to i64
  %.267.i508 = icmp sgt i64 %.250.i503, -1
  %.293.i509 = icmp sgt i64 %arg.crown.5.0, %.250.i503
  %or.cond147.i510 = select i1 %.267.i508, i1 %.293.i509, i1 false
  br i1 %or.cond147.i510, label %B324.i522, label %B437.i511

B324.i522:                                        ; preds = %B136.i493
  %.316.i523 = icmp sgt i64 %.259.i507, -1
  %.341.i524 = icmp sgt i64 %arg.crown.5.1, %.259.i507
  %or.cond.i525 = select i1 %.316.i523, i1 %.341.i524, i1 false
  br i1 %or.cond.i525, label %B378.i526, label %B437.i511

B378.i526:                                        ; preds = %B324.i522
  %.417.i527 = mul i64 %arg.crown.5.1, %.250.i503
  %52 = getelementptr float, ptr %arg.crown.4, i64 %.417.i527
  %.421.i528 = getelementptr float, ptr %52, i64 %.259.i507
  %.422.i529 = load float, ptr %.421.i528, align 4
  %.429.i530 = fmul nsz contract double %.1896, %.238.i499
  %.433.i531 = fadd nsz contract double %.655, %.429.i530
  %.434.i532 = fpext float %.422.i529 to double
  %.435.i533 = fcmp nsz contract olt double %.433.i531, %.434.i532
  br i1 %.435.i533, label %B424.i534, label %B437.i511

B424.i534:                                        ; preds = %B378.i526
  %.438.i535 = add nsw i64 %inside.2.0153.i494, 1
  br label %B437.i511

B436.loopexit.i514:                               ; preds = %B437.i511
  %53 = sitofp i64 %inside.3.1.i512 to double
  br label %B2312.endif.endif.endif.us

B437.i511:                                        ; preds = %B424.i534, %B378.i526, %B324.i522, %B136.i493
  %inside.3.1.i512 = phi i64 [ %inside.2.0153.i494, %B324.i522 ], [ %inside.2.0153.i494, %B136.i493 ], [ %.438.i535, %B424.i534 ], [ %inside.2.0153.i494, %B378.i526 ]
  %exitcond.not.i513 = icmp eq i64 %54, %.206.i496
  br i1 %exitcond.not.i513, label %B436.loopexit.i514, label %B136.i493

B136.lr.ph.i490:                                  ; preds = %B2312.endif.us
  %.234.i491 = uitofp nneg i64 %.106.i488 to double
  %54 = add i64 %.5.i.i487, 1
  br label %B136.i493

B2312.endif.endif.endif.us:                       ; preds = %B436.loopexit.i514, %B2312.endif.us
  %inside.2.0.lcssa.i516 = phi double [ %53, %B436.loopexit.i514 ], [ 0.000000e+00, %B2312.endif.us ]
  %.479.i517 = fmul nsz contract double %arg.cell_m, %.6.i.i485
  %.6.i1.i518 = tail call nsz contract double @hypot(double %.479.i517, double %.1896)
  %.517.i519 = fmul nsz contract double %inside.2.0.lcssa.i516, %.6.i1.i518
  %.521.i520 = sitofp i64 %.106.i488 to double
  %.525.i521 = fdiv nsz contract double %.517.i519, %.521.i520
  %.2697.us = fadd nsz contract double %.525.i, %.525.i521
  %.7.i = fneg nsz contract double %.2697.us
  %.8.i539 = fmul nsz contract double %arg.gamma, %.7.i
  %.12.i540 = fdiv nsz contract double %.8.i539, %arg.limit
  %.13.i541 = tail call nsz contract double @llvm.exp.f64(double %.12.i540)
  %.14.i = fsub nsz contract double 1.000000e+00, %.13.i541
  %.15.i542 = fmul nsz contract double %arg.limit, %.14.i
  %.2725.us = fmul nsz contract double %.15.i542, -1.000000e-01
  %.2726.us = tail call nsz contract double @llvm.pow.f64(double 1.000000e+01, double %.2725.us)
  %.2728.us = fmul nsz contract double %.2276.us, %.2726.us
  br label %B2458.endif.endif.endif.us

B2458.endif.endif.endif.us:                       ; preds = %B2312.endif.endif.endif.us, %B2278.us
  %power.2.5.us = phi double [ %.2728.us, %B2312.endif.endif.endif.us ], [ %.2276.us, %B2278.us ]
  %55 = icmp ne i64 %.170.1, -1
  %56 = icmp ne i64 %.170.1, 0
  %.6.i543 = tail call nsz contract double @hypot(double %.44.i374, double %.1891.us)
  %.12.i544 = fcmp nsz contract olt double %.6.i543, 1.000000e-09
  %.13.i545 = select i1 %.12.i544, double 1.000000e-09, double %.6.i543
  %.2802.us = fneg nsz contract double %.1891.us
  %.2803.us = tail call nsz contract double @atan2(double %.2802.us, double %.44.i374)
  %.2808.us = fdiv nsz contract double %.2803.us, 0x401921FB54442D18
  %.2811.us = fmul nsz contract double %.2808.us, %.2810
  %.2812.us = tail call nsz contract double @llvm.floor.f64(double %.2811.us)
  %.2813.us = fptosi double %.2812.us to i64
  %.2828.us = icmp ne i64 %.2813.us, %const
  %.2830.not.us = or i1 %55, %.2828.us
  %or.cond1665 = select i1 %56, i1 %.2830.not.us, i1 false
  br i1 %or.cond1665, label %B2458.endif.endif.endif.else.if.us, label %B2458.endif.endif.endif.endif.thread.us

B2458.endif.endif.endif.else.if.us:               ; preds = %B2458.endif.endif.endif.us
  %57 = or i64 %.2813.us, %.170.1
  %58 = and i64 %57, -4294967296
  %59 = icmp eq i64 %58, 0
  br i1 %59, label %60, label %65

60:                                               ; preds = %B2458.endif.endif.endif.else.if.us
  %61 = trunc i64 %.170.1 to i32
  %62 = trunc i64 %.2813.us to i32
  %63 = urem i32 %62, %61
  %64 = zext i32 %63 to i64
  br label %67

65:                                               ; preds = %B2458.endif.endif.endif.else.if.us
  %66 = srem i64 %.2813.us, %.170.1
  br label %67

67:                                               ; preds = %65, %60
  %68 = phi i64 [ %64, %60 ], [ %66, %65 ]
  %.2835.us = xor i64 %68, %.170.1
  %.2836.us = icmp slt i64 %.2835.us, 0
  %.2837.us = icmp ne i64 %68, 0
  %.2838.us = and i1 %.2837.us, %.2836.us
  %.2845.us = select i1 %.2838.us, i64 %.170.1, i64 0
  %spec.select920.us = add nsw i64 %.2845.us, %68
  %spec.select920.fr.us = freeze i64 %spec.select920.us
  %.2889.us = icmp slt i64 %spec.select920.fr.us, 0
  %.2890.us = select i1 %.2889.us, i64 %arg.into.5.0, i64 0
  %spec.select919.us = add i64 %.2890.us, %spec.select920.fr.us
  %69 = mul i64 %spec.select919.us, %.1684
  br label %B2458.endif.endif.endif.endif.thread.us

B2458.endif.endif.endif.endif.thread.us:          ; preds = %67, %B2458.endif.endif.endif.us
  %rem.2.0916.us = phi i64 [ 0, %B2458.endif.endif.endif.us ], [ %spec.select920.fr.us, %67 ]
  %.2921.us = phi i64 [ 0, %B2458.endif.endif.endif.us ], [ %69, %67 ]
  %gep.us = getelementptr double, ptr %invariant.gep.us, i64 %.2921.us
  %.2927.us = getelementptr double, ptr %gep.us, i64 %.155111211176.us
  %.2928.us = load double, ptr %.2927.us, align 8
  %.2930.us = fadd nsz contract double %power.2.5.us, %.2928.us
  store double %.2930.us, ptr %.2927.us, align 8
  %.3001.us = add nsw i64 %rem.2.0916.us, %.170.1
  %.3036.us = icmp slt i64 %.3001.us, 0
  %.3037.us = select i1 %.3036.us, i64 %arg.into.5.0, i64 0
  %.3038.us = add i64 %.3037.us, %.3001.us
  %.3068.us = mul i64 %.3038.us, %.1684
  %gep1184.us = getelementptr double, ptr %invariant.gep.us, i64 %.3068.us
  %.3074.us = getelementptr double, ptr %gep1184.us, i64 %.155111211176.us
  %.3075.us = load double, ptr %.3074.us, align 8
  %.3077.us = fmul nsz contract double %.44.i374, %power.2.5.us
  %.3081.us = fdiv nsz contract double %.3077.us, %.13.i545
  %.3082.us = fadd nsz contract double %.3081.us, %.3075.us
  store double %.3082.us, ptr %.3074.us, align 8
  %.3154.us = add nsw i64 %rem.2.0916.us, %.3153
  %.3189.us = icmp slt i64 %.3154.us, 0
  %.3190.us = select i1 %.3189.us, i64 %arg.into.5.0, i64 0
  %.3191.us = add i64 %.3190.us, %.3154.us
  %.3221.us = mul i64 %.3191.us, %.1684
  %gep1186.us = getelementptr double, ptr %invariant.gep.us, i64 %.3221.us
  %.3227.us = getelementptr double, ptr %gep1186.us, i64 %.155111211176.us
  %.3228.us = load double, ptr %.3227.us, align 8
  %.3230.us = fmul nsz contract double %.1891.us, %power.2.5.us
  %.3234.us = fdiv nsz contract double %.3230.us, %.13.i545
  %.3235.us = fadd nsz contract double %.3234.us, %.3228.us
  store double %.3235.us, ptr %.3227.us, align 8
  %.3380.us = getelementptr double, ptr %21, i64 %.155111211176.us
  %.3381.us = load double, ptr %.3380.us, align 8
  %.3383.us = fadd nsz contract double %power.2.5.us, %.3381.us
  store double %.3383.us, ptr %.3380.us, align 8
  br label %B2879.us

B2879.us:                                         ; preds = %B2458.endif.endif.endif.endif.thread.us, %B418.i464, %B418.i414, %B1156.endif.endif.endif.e...endif.1.us, %B1012.endif.endif.us, %B970.us, %B940.us, %B860.us
  %exitcond.not = icmp eq i64 %arg.into.5.2, %.1558.us
  br i1 %exitcond.not, label %B858.B800.loopexit_crit_edge.us, label %B860.us

B858.B800.loopexit_crit_edge.us:                  ; preds = %B2879.us
  %.1418.us = add nuw nsw i64 %.141112031275.us, 1
  %exitcond2153.not = icmp eq i64 %arg.into.5.1, %.1418.us
  br i1 %exitcond2153.not, label %B2880, label %B802.endif.us
}

declare double @hypot(double, double) local_unnamed_addr

define internal noundef i32 @part0(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.x0, double %arg.y0, double %arg.z0, double %arg.x1, double %arg.y1, double %arg.z1) local_unnamed_addr {
B0.endif.endif.endif:
  %.44 = fsub nsz contract double %arg.x1, %arg.x0
  %.47 = fsub nsz contract double %arg.y1, %arg.y0
  %.6.i = tail call nsz contract double @hypot(double %.44, double %.47)
  %.78 = fmul nsz contract double %.6.i, 1.500000e+00
  %.5.i = fptosi double %.78 to i64
  %.187152.not = icmp slt i64 %.5.i, 1
  br i1 %.187152.not, label %common.ret, label %B134.lr.ph

B134:                                             ; preds = %B134.lr.ph, %B489
  %.193151153 = phi i64 [ 1, %B134.lr.ph ], [ %.200, %B489 ]
  %.200 = add nuw i64 %.193151153, 1
  %.226 = sitofp i64 %.193151153 to double
  %.231 = fdiv nsz contract double %.226, %.227
  %.237 = fmul nsz contract double %.6.i, %.231
  %.238 = fcmp nsz contract olt double %.237, 6.700000e-01
  br i1 %.238, label %B489, label %B164

B164:                                             ; preds = %B134
  %.241 = fsub nsz contract double 1.000000e+00, %.231
  %.243 = fmul nsz contract double %.6.i, %.241
  %.244 = fcmp nsz contract olt double %.243, 6.700000e-01
  br i1 %.244, label %B489, label %B190

B190:                                             ; preds = %B164
  %.253 = fmul nsz contract double %.47, %.231
  %.255 = fadd nsz contract double %arg.y0, %.253
  %.256 = tail call nsz contract double @llvm.floor.f64(double %.255)
  %.257 = fptosi double %.256 to i64
  %.262 = fmul nsz contract double %.44, %.231
  %.264 = fadd nsz contract double %arg.x0, %.262
  %.265 = tail call nsz contract double @llvm.floor.f64(double %.264)
  %.266 = fptosi double %.265 to i64
  %.274 = icmp sgt i64 %.257, -1
  %.306 = icmp sgt i64 %arg.height.5.0, %.257
  %or.cond = select i1 %.274, i1 %.306, i1 false
  %.342 = icmp sgt i64 %.266, -1
  %or.cond148 = select i1 %or.cond, i1 %.342, i1 false
  %.369 = icmp sgt i64 %arg.height.5.1, %.266
  %or.cond149 = select i1 %or.cond148, i1 %.369, i1 false
  br i1 %or.cond149, label %B418, label %B489

B418:                                             ; preds = %B190
  %.439 = mul i64 %arg.height.5.1, %.257
  %0 = getelementptr float, ptr %arg.height.4, i64 %.439
  %.443 = getelementptr float, ptr %0, i64 %.266
  %.444 = load float, ptr %.443, align 4
  %.451 = fmul nsz contract double %.449, %.231
  %.455 = fadd nsz contract double %arg.z0, %.451
  %.456 = fadd nsz contract double %.455, 5.000000e-02
  %.457 = fpext float %.444 to double
  %.458 = fcmp nsz contract olt double %.456, %.457
  br i1 %.458, label %common.ret, label %B489

common.ret:                                       ; preds = %B489, %B418, %B0.endif.endif.endif
  %storemerge = phi i8 [ 1, %B0.endif.endif.endif ], [ 0, %B418 ], [ 1, %B489 ]
  store i8 %storemerge, ptr %retptr, align 1
  ret i32 0

B489:                                             ; preds = %B418, %B190, %B164, %B134
  %1 = add i64 %2, %.200
  %exitcond = icmp eq i64 %1, 1
  br i1 %exitcond, label %common.ret, label %B134

B134.lr.ph:                                       ; preds = %B0.endif.endif.endif
  %.103 = add nuw i64 %.5.i, 1
  %.227 = sitofp i64 %.103 to double
  %.449 = fsub nsz contract double %arg.z1, %arg.z0
  %2 = sub i64 0, %.5.i
  br label %B134
}

declare double @asin(double) local_unnamed_addr

define noundef i32 @rays_roof_edges(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.height.0, ptr readnone %arg.height.1, i64 %arg.height.2, i64 %arg.height.3, ptr readonly %arg.height.4, i64 %arg.height.5.0, i64 %arg.height.5.1, i64 %arg.height.6.0, i64 %arg.height.6.1, double %arg.tx, double %arg.ty, double %arg.tz, double %arg.receiver_m, double %arg.cell_m, double %arg.wavelength, i64 %arg.first_row, i64 %arg.first_col, ptr %arg.crown.0, ptr readnone %arg.crown.1, i64 %arg.crown.2, i64 %arg.crown.3, ptr readonly %arg.crown.4, i64 %arg.crown.5.0, i64 %arg.crown.5.1, i64 %arg.crown.6.0, i64 %arg.crown.6.1, ptr %arg.tops.0, ptr readnone %arg.tops.1, i64 %arg.tops.2, i64 %arg.tops.3, ptr %arg.tops.4, i64 %arg.tops.5.0, i64 %arg.tops.6.0, ptr %arg.loss.0, ptr readnone %arg.loss.1, i64 %arg.loss.2, i64 %arg.loss.3, ptr writeonly %arg.loss.4, i64 %arg.loss.5.0, i64 %arg.loss.5.1, i64 %arg.loss.6.0, i64 %arg.loss.6.1, ptr %arg.metres.0, ptr readnone %arg.metres.1, i64 %arg.metres.2, i64 %arg.metres.3, ptr writeonly %arg.metres.4, i64 %arg.metres.5.0, i64 %arg.metres.5.1, i64 %arg.metres.6.0, i64 %arg.metres.6.1) local_unnamed_addr {
B0.endif:
  %.2451010.not = icmp slt i64 %arg.loss.5.0, 1
  br i1 %.2451010.not, label %common.ret, label %B80.endif.lr.ph

B80.endif.lr.ph:                                  ; preds = %B0.endif
  %.381910.not = icmp slt i64 %arg.loss.5.1, 1
  %.509 = add nsw i64 %arg.tops.5.0, -1
  br i1 %.381910.not, label %common.ret, label %B80.endif.us.preheader

B80.endif.us.preheader:                           ; preds = %B80.endif.lr.ph
  %.1633.us = fsub nsz contract double %arg.receiver_m, %arg.tz
  br label %B80.endif.us

B80.endif.us:                                     ; preds = %B136.B78.loopexit_crit_edge.us, %B80.endif.us.preheader
  %.2519351017.us = phi i64 [ %.258.us, %B136.B78.loopexit_crit_edge.us ], [ 0, %B80.endif.us.preheader ]
  %.429.us = add nsw i64 %.2519351017.us, %arg.first_row
  %.430.us = sitofp i64 %.429.us to double
  %.431.us = fadd nsz contract double %.430.us, 5.000000e-01
  %.443.us = fsub nsz contract double %.431.us, %arg.ty
  %.1888.us = mul i64 %.2519351017.us, %arg.loss.5.1
  %0 = getelementptr double, ptr %arg.loss.4, i64 %.1888.us
  %.2074.us = mul i64 %.2519351017.us, %arg.metres.5.1
  %1 = getelementptr double, ptr %arg.metres.4, i64 %.2074.us
  br label %B138.endif.endif.endif.endif.us

B138.endif.endif.endif.endif.us:                  ; preds = %B1612.us, %B80.endif.us
  %.387854917.us = phi i64 [ 0, %B80.endif.us ], [ %.394.us, %B1612.us ]
  %.394.us = add nuw nsw i64 %.387854917.us, 1
  %.424.us = add nsw i64 %.387854917.us, %arg.first_col
  %.425.us = sitofp i64 %.424.us to double
  %.426.us = fadd nsz contract double %.425.us, 5.000000e-01
  %.440.us = fsub nsz contract double %.426.us, %arg.tx
  %.6.i = tail call nsz contract double @hypot(double %.440.us, double %.443.us)
  %.472.us = fmul nsz contract double %.6.i, 1.500000e+00
  %.5.i = fptosi double %.472.us to i64
  %.497.us = add nsw i64 %.5.i, 4
  %.13.i = tail call i64 @llvm.smin.i64(i64 %.509, i64 %.497.us)
  %.622800.us = icmp sgt i64 %.13.i, -1
  br i1 %.622800.us, label %B362.lr.ph.us, label %B824.endif.us

B824.endif.us:                                    ; preds = %B1621.us, %B138.endif.endif.endif.endif.us
  %.12.i = fcmp nsz contract olt double %.6.i, 1.000000e+00
  %.13.i31 = select i1 %.12.i, double 1.000000e+00, double %.6.i
  %.928.us = fmul nsz contract double %arg.cell_m, %.13.i31
  %.930.us = sitofp i64 %.13.i to double
  %.934.us = fdiv nsz contract double %.928.us, %.930.us
  %.1346.us = add i64 %.13.i, -1
  %.1389806.us.not = icmp slt i64 %.1346.us, 1
  br i1 %.1389806.us.not, label %B1348.us.thread, label %B978.us.preheader

B978.us.preheader:                                ; preds = %B824.endif.us
  br label %B978.us

B1276.us:                                         ; preds = %B1274.us
  %.8.i = fcmp nsz contract ugt double %nu.3.4.us, -7.800000e-01
  br i1 %.8.i, label %B1324.us, label %B1348.us

B1324.us:                                         ; preds = %B1276.us
  %.15.i = fadd nsz contract double %nu.3.4.us, -1.000000e-01
  %.147.i.i = fmul nsz contract double %.15.i, %.15.i
  %.42.i = fadd nsz contract double %.147.i.i, 1.000000e+00
  %sqrt.i = tail call nsz contract double @llvm.sqrt.f64(double %.42.i)
  %.45.i = fadd nsz contract double %nu.3.4.us, %sqrt.i
  %.48.i = fadd nsz contract double %.45.i, -1.000000e-01
  %.49.i = tail call nsz contract double @llvm.log10.f64(double %.48.i)
  %.50.i = fmul nsz contract double %.49.i, 2.000000e+01
  %.51.i = fadd nsz contract double %.50.i, 6.900000e+00
  %.1795.us = fcmp nsz contract ugt double %.51.i, 0.000000e+00
  br i1 %.1795.us, label %B824.endif.us.1, label %B1348.us

B1348.us:                                         ; preds = %B1344.us.2, %B1324.us, %B1276.us
  %.1774.us.lcssa = phi double [ %.51.i, %B1324.us ], [ %.1774.us.2, %B1344.us.2 ], [ 0.000000e+00, %B1276.us ]
  %2 = icmp sgt i64 %arg.crown.5.0, 0
  %3 = getelementptr double, ptr %0, i64 %.387854917.us
  store double %.1774.us.lcssa, ptr %3, align 8
  br i1 %2, label %B1396.us, label %B1612.us

B1348.us.thread:                                  ; preds = %B824.endif.us
  %4 = icmp sgt i64 %arg.crown.5.0, 0
  %5 = getelementptr double, ptr %0, i64 %.387854917.us
  store double 0.000000e+00, ptr %5, align 8
  br i1 %4, label %B1434.us, label %B1612.us

B1396.us:                                         ; preds = %B1348.us
  %.1917.us = sitofp i64 %where.3.4.us to double
  %.1926.us = icmp sgt i64 %where.3.4.us, 0
  br i1 %.1926.us, label %B1416.us, label %B1434.us

B1416.us:                                         ; preds = %B1396.us
  %.1960.us = getelementptr double, ptr %arg.tops.4, i64 %where.3.4.us
  %.1961.us = load double, ptr %.1960.us, align 8
  br label %B1434.us

B1434.us:                                         ; preds = %B1416.us, %B1396.us, %B1348.us.thread
  %.1917.us.pn = phi double [ %.1917.us, %B1416.us ], [ %.1917.us, %B1396.us ], [ 0.000000e+00, %B1348.us.thread ]
  %"$phi1434.3.2.3.us" = phi double [ %.1961.us, %B1416.us ], [ %arg.tz, %B1396.us ], [ %arg.tz, %B1348.us.thread ]
  %.1922.us137 = fdiv nsz contract double %.1917.us.pn, %.930.us
  %.1983.us = fmul nsz contract double %.440.us, %.1922.us137
  %.1985.us = fadd nsz contract double %arg.tx, %.1983.us
  %.1989.us = fmul nsz contract double %.443.us, %.1922.us137
  %.1991.us = fadd nsz contract double %arg.ty, %.1989.us
  %.47.i = fsub nsz contract double %.1985.us, %arg.tx
  %.50.i32 = fsub nsz contract double %.1991.us, %arg.ty
  %.6.i.i = tail call nsz contract double @hypot(double %.47.i, double %.50.i32)
  %.81.i = fmul nsz contract double %.6.i.i, 3.000000e+00
  %.5.i.i = fptosi double %.81.i to i64
  %.106.i = add i64 %.5.i.i, 1
  %.193150.not.i = icmp slt i64 %.5.i.i, 0
  br i1 %.193150.not.i, label %B0.endif.endif.endif.B436_crit_edge.i, label %B136.lr.ph.i

B136.i:                                           ; preds = %B136.lr.ph.i, %B437.i
  %inside.2.0153.i = phi i64 [ 0, %B136.lr.ph.i ], [ %inside.3.1.i, %B437.i ]
  %.199149151.i = phi i64 [ 0, %B136.lr.ph.i ], [ %.206.i, %B437.i ]
  %.206.i = add nuw i64 %.199149151.i, 1
  %.231.i = uitofp nneg i64 %.199149151.i to double
  %.232.i = fadd nsz contract double %.231.i, 5.000000e-01
  %.238.i = fdiv nsz contract double %.232.i, %.234.i
  %.246.i = fmul nsz contract double %.50.i32, %.238.i
  %.248.i = fadd nsz contract double %arg.ty, %.246.i
  %.249.i = tail call nsz contract double @llvm.floor.f64(double %.248.i)
  %.250.i = fptosi double %.249.i to i64
  %.255.i = fmul nsz contract double %.47.i, %.238.i
  %.257.i = fadd nsz contract double %arg.tx, %.255.i
  %.258.i = tail call nsz contract double @llvm.floor.f64(double %.257.i)
  %.259.i = fptosi double %.258.i to i64
  %.267.i = icmp sgt i64 %.250.i, -1
  %.293.i = icmp sgt i64 %arg.crown.5.0, %.250.i
  %or.cond147.i = select i1 %.267.i, i1 %.293.i, i1 false
  br i1 %or.cond147.i, label %B324.i, label %B437.i

B324.i:                                           ; preds = %B136.i
  %.316.i = icmp sgt i64 %.259.i, -1
  %.341.i = icmp sgt i64 %arg.crown.5.1, %.259.i
  %or.cond.i = select i1 %.316.i, i1 %.341.i, i1 false
  br i1 %or.cond.i, label %B378.i, label %B437.i

B378.i:                                           ; preds = %B324.i
  %.417.i = mul i64 %arg.crown.5.1, %.250.i
  %6 = getelementptr float, ptr %arg.crown.4, i64 %.417.i
  %.421.i = getelementptr float, ptr %6, i64 %.259.i
  %.422.i = load float, ptr %.421.i, align 4
  %.429.i = fmul nsz contract double %.427.i, %.238.i
  %.433.i = fadd nsz contract double %arg.tz, %.429.i
  %.434.i = fpext float %.422.i to double
  %.435.i = fcmp nsz contract olt double %.433.i, %.434.i
  br i1 %.435.i, label %B424.i, label %B437.i

B424.i:                                           ; preds = %B378.i
  %.438.i = add nsw i64 %inside.2.0153.i, 1
  br label %B437.i

B436.loopexit.i:                                  ; preds = %B437.i
  %7 = sitofp i64 %inside.3.1.i to double
  br label %B1434.endif.us

B437.i:                                           ; preds = %B424.i, %B378.i, %B324.i, %B136.i
  %inside.3.1.i = phi i64 [ %inside.2.0153.i, %B324.i ], [ %inside.2.0153.i, %B136.i ], [ %.438.i, %B424.i ], [ %inside.2.0153.i, %B378.i ]
  %exitcond.not.i = icmp eq i64 %8, %.206.i
  br i1 %exitcond.not.i, label %B436.loopexit.i, label %B136.i

B0.endif.endif.endif.B436_crit_edge.i:            ; preds = %B1434.us
  %.pre.i = fsub nsz contract double %"$phi1434.3.2.3.us", %arg.tz
  br label %B1434.endif.us

B136.lr.ph.i:                                     ; preds = %B1434.us
  %.234.i = uitofp nneg i64 %.106.i to double
  %.427.i = fsub nsz contract double %"$phi1434.3.2.3.us", %arg.tz
  %8 = add i64 %.5.i.i, 1
  br label %B136.i

B1434.endif.us:                                   ; preds = %B0.endif.endif.endif.B436_crit_edge.i, %B436.loopexit.i
  %.486.pre-phi.i = phi double [ %.pre.i, %B0.endif.endif.endif.B436_crit_edge.i ], [ %.427.i, %B436.loopexit.i ]
  %inside.2.0.lcssa.i = phi double [ 0.000000e+00, %B0.endif.endif.endif.B436_crit_edge.i ], [ %7, %B436.loopexit.i ]
  %.479.i = fmul nsz contract double %arg.cell_m, %.6.i.i
  %.6.i1.i = tail call nsz contract double @hypot(double %.479.i, double %.486.pre-phi.i)
  %.517.i = fmul nsz contract double %inside.2.0.lcssa.i, %.6.i1.i
  %.521.i = sitofp i64 %.106.i to double
  %.525.i = fdiv nsz contract double %.517.i, %.521.i
  %9 = getelementptr double, ptr %1, i64 %.387854917.us
  store double %.525.i, ptr %9, align 8
  %.47.i33 = fsub nsz contract double %.426.us, %.1985.us
  %.50.i34 = fsub nsz contract double %.431.us, %.1991.us
  %.6.i.i35 = tail call nsz contract double @hypot(double %.47.i33, double %.50.i34)
  %.81.i36 = fmul nsz contract double %.6.i.i35, 3.000000e+00
  %.5.i.i37 = fptosi double %.81.i36 to i64
  %.106.i38 = add i64 %.5.i.i37, 1
  %.193150.not.i39 = icmp slt i64 %.5.i.i37, 0
  br i1 %.193150.not.i39, label %B0.endif.endif.endif.B436_crit_edge.i86, label %B136.lr.ph.i40

B136.i43:                                         ; preds = %B136.lr.ph.i40, %B437.i61
  %inside.2.0153.i44 = phi i64 [ 0, %B136.lr.ph.i40 ], [ %inside.3.1.i62, %B437.i61 ]
  %.199149151.i45 = phi i64 [ 0, %B136.lr.ph.i40 ], [ %.206.i46, %B437.i61 ]
  %.206.i46 = add nuw i64 %.199149151.i45, 1
  %.231.i47 = uitofp nneg i64 %.199149151.i45 to double
  %.232.i48 = fadd nsz contract double %.231.i47, 5.000000e-01
  %.238.i49 = fdiv nsz contract double %.232.i48, %.234.i41
  %.246.i50 = fmul nsz contract double %.50.i34, %.238.i49
  %.248.i51 = fadd nsz contract double %.1991.us, %.246.i50
  %.249.i52 = tail call nsz contract double @llvm.floor.f64(double %.248.i51)
  %.250.i53 = fptosi double %.249.i52 to i64
  %.255.i54 = fmul nsz contract double %.47.i33, %.238.i49
  %.257.i55 = fadd nsz contract double %.1985.us, %.255.i54
  %.258.i56 = tail call nsz contract double @llvm.floor.f64(double %.257.i55)
  %.259.i57 = fptosi double %.258.i56 to i64
  %.267.i58 = icmp sgt i64 %.250.i53, -1
  %.293.i59 = icmp sgt i64 %arg.crown.5.0, %.250.i53
  %or.cond147.i60 = select i1 %.267.i58, i1 %.293.i59, i1 false
  br i1 %or.cond147.i60, label %B324.i72, label %B437.i61

B324.i72:                                         ; preds = %B136.i43
  %.316.i73 = icmp sgt i64 %.259.i57, -1
  %.341.i74 = icmp sgt i64 %arg.crown.5.1, %.259.i57
  %or.cond.i75 = select i1 %.316.i73, i1 %.341.i74, i1 false
  br i1 %or.cond.i75, label %B378.i76, label %B437.i61

B378.i76:                                         ; preds = %B324.i72
  %.417.i77 = mul i64 %arg.crown.5.1, %.250.i53
  %10 = getelementptr float, ptr %arg.crown.4, i64 %.417.i77
  %.421.i78 = getelementptr float, ptr %10, i64 %.259.i57
  %.422.i79 = load float, ptr %.421.i78, align 4
  %.429.i80 = fmul nsz contract double %.427.i42, %.238.i49
  %.433.i81 = fadd nsz contract double %"$phi1434.3.2.3.us", %.429.i80
  %.434.i82 = fpext float %.422.i79 to double
  %.435.i83 = fcmp nsz contract olt double %.433.i81, %.434.i82
  br i1 %.435.i83, label %B424.i84, label %B437.i61

B424.i84:                                         ; preds = %B378.i76
  %.438.i85 = add nsw i64 %inside.2.0153.i44, 1
  br label %B437.i61

B436.loopexit.i64:                                ; preds = %B437.i61
  %11 = sitofp i64 %inside.3.1.i62 to double
  br label %B1434.endif.endif.us

B437.i61:                                         ; preds = %B424.i84, %B378.i76, %B324.i72, %B136.i43
  %inside.3.1.i62 = phi i64 [ %inside.2.0153.i44, %B324.i72 ], [ %inside.2.0153.i44, %B136.i43 ], [ %.438.i85, %B424.i84 ], [ %inside.2.0153.i44, %B378.i76 ]
  %exitcond.not.i63 = icmp eq i64 %12, %.206.i46
  br i1 %exitcond.not.i63, label %B436.loopexit.i64, label %B136.i43

B0.endif.endif.endif.B436_crit_edge.i86:          ; preds = %B1434.endif.us
  %.pre.i87 = fsub nsz contract double %arg.receiver_m, %"$phi1434.3.2.3.us"
  br label %B1434.endif.endif.us

B136.lr.ph.i40:                                   ; preds = %B1434.endif.us
  %.234.i41 = uitofp nneg i64 %.106.i38 to double
  %.427.i42 = fsub nsz contract double %arg.receiver_m, %"$phi1434.3.2.3.us"
  %12 = add i64 %.5.i.i37, 1
  br label %B136.i43

B1434.endif.endif.us:                             ; preds = %B0.endif.endif.endif.B436_crit_edge.i86, %B436.loopexit.i64
  %.486.pre-phi.i65 = phi double [ %.pre.i87, %B0.endif.endif.endif.B436_crit_edge.i86 ], [ %.427.i42, %B436.loopexit.i64 ]
  %inside.2.0.lcssa.i66 = phi double [ 0.000000e+00, %B0.endif.endif.endif.B436_crit_edge.i86 ], [ %11, %B436.loopexit.i64 ]
  %.479.i67 = fmul nsz contract double %arg.cell_m, %.6.i.i35
  %.6.i1.i68 = tail call nsz contract double @hypot(double %.479.i67, double %.486.pre-phi.i65)
  %.517.i69 = fmul nsz contract double %inside.2.0.lcssa.i66, %.6.i1.i68
  %.521.i70 = sitofp i64 %.106.i38 to double
  %.525.i71 = fdiv nsz contract double %.517.i69, %.521.i70
  %.2176.us = fadd nsz contract double %.525.i, %.525.i71
  %sunkaddr = mul i64 %.387854917.us, 8
  %sunkaddr168 = getelementptr inbounds i8, ptr %1, i64 %sunkaddr
  store double %.2176.us, ptr %sunkaddr168, align 8
  br label %B1612.us

B1612.us:                                         ; preds = %B1434.endif.endif.us, %B1348.us.thread, %B1348.us
  %exitcond.not = icmp eq i64 %arg.loss.5.1, %.394.us
  br i1 %exitcond.not, label %B136.B78.loopexit_crit_edge.us, label %B138.endif.endif.endif.endif.us

B824.endif.us.1:                                  ; preds = %B1324.us
  %.1175.us.1 = icmp slt i64 %where.3.4.us, 0
  %.1176.us.1 = select i1 %.1175.us.1, i64 %arg.tops.5.0, i64 0
  %13 = getelementptr double, ptr %arg.tops.4, i64 %where.3.4.us
  %.1190.us.1 = getelementptr double, ptr %13, i64 %.1176.us.1
  %.1191.us.1 = load double, ptr %.1190.us.1, align 8
  %.1281.us.1 = icmp sgt i64 %.13.i, %where.3.4.us
  %.1284.us.1 = add nsw i64 %where.3.4.us, -2
  %to.2.3.us.1 = select i1 %.1281.us.1, i64 %.1284.us.1, i64 %where.3.4.us
  %.1346.us.1 = add i64 %to.2.3.us.1, -1
  %.1389806.us.not.1 = icmp slt i64 %.1346.us.1, 1
  br i1 %.1389806.us.not.1, label %B824.endif.us.2, label %B978.lr.ph.us.1

B978.lr.ph.us.1:                                  ; preds = %B824.endif.us.1
  %.1633.us.1 = fsub nsz contract double %.1191.us.1, %arg.tz
  %.1642.us.1 = sitofp i64 %where.3.4.us to double
  %14 = add i64 %where.3.4.us, -1
  br label %B978.us.1

B978.us.1:                                        ; preds = %B1274.us.1, %B978.lr.ph.us.1
  %lsr.iv150 = phi i64 [ %lsr.iv.next151, %B1274.us.1 ], [ %14, %B978.lr.ph.us.1 ]
  %nu.2.3809.us.1 = phi double [ -1.000000e+09, %B978.lr.ph.us.1 ], [ %nu.3.4.us.1, %B1274.us.1 ]
  %.1395805807.us.1 = phi i64 [ 1, %B978.lr.ph.us.1 ], [ %.1402.us.1, %B1274.us.1 ]
  %.1402.us.1 = add i64 %.1395805807.us.1, 1
  %.1452.us.1 = icmp slt i64 %.1395805807.us.1, 0
  %.1453.us.1 = select i1 %.1452.us.1, i64 %arg.tops.5.0, i64 0
  %15 = shl i64 %.1453.us.1, 3
  %scevgep158 = getelementptr i8, ptr %arg.tops.4, i64 %15
  %16 = shl i64 %.1395805807.us.1, 3
  %scevgep159 = getelementptr i8, ptr %scevgep158, i64 %16
  %.1468.us.1 = load double, ptr %scevgep159, align 8
  %.1469.us.1 = fcmp nsz contract ogt double %.1468.us.1, 0.000000e+00
  br i1 %.1469.us.1, label %B1004.us.1, label %B1274.us.1

B1004.us.1:                                       ; preds = %B978.us.1
  %.1521.inv.us.1 = icmp sgt i64 %.1395805807.us.1, 0
  %.1522.us.1 = select i1 %.1521.inv.us.1, i64 0, i64 %arg.tops.5.0
  %17 = shl i64 %.1522.us.1, 3
  %scevgep155 = getelementptr i8, ptr %arg.tops.4, i64 %17
  %sunkaddr169 = mul i64 %.1402.us.1, 8
  %sunkaddr170 = getelementptr i8, ptr %scevgep155, i64 %sunkaddr169
  %sunkaddr171 = getelementptr i8, ptr %sunkaddr170, i64 -16
  %.1537.us.1 = load double, ptr %sunkaddr171, align 8
  %.1538.us.1 = fcmp nsz contract ogt double %.1468.us.1, %.1537.us.1
  br i1 %.1538.us.1, label %B1088.us.1, label %B1046.us.1

B1046.us.1:                                       ; preds = %B1004.us.1
  %.1592.us.1 = icmp slt i64 %.1395805807.us.1, -1
  %.1593.us.1 = select i1 %.1592.us.1, i64 %arg.tops.5.0, i64 0
  %18 = shl i64 %.1593.us.1, 3
  %scevgep152 = getelementptr i8, ptr %arg.tops.4, i64 %18
  %sunkaddr172 = mul i64 %.1402.us.1, 8
  %sunkaddr173 = getelementptr i8, ptr %scevgep152, i64 %sunkaddr172
  %.1608.us.1 = load double, ptr %sunkaddr173, align 8
  %.1609.us.1 = fcmp nsz contract ogt double %.1468.us.1, %.1608.us.1
  br i1 %.1609.us.1, label %B1088.us.1, label %B1274.us.1

B1088.us.1:                                       ; preds = %B1046.us.1, %B1004.us.1
  %.1623.us.1 = sitofp i64 %.1395805807.us.1 to double
  %.1624.us.1 = fmul nsz contract double %.934.us, %.1623.us.1
  %.1629.us.1 = sitofp i64 %lsr.iv150 to double
  %.1630.us.1 = fmul nsz contract double %.934.us, %.1629.us.1
  %.1638.us.1 = fmul nsz contract double %.1633.us.1, %.1623.us.1
  %.1646.us.1 = fdiv nsz contract double %.1638.us.1, %.1642.us.1
  %.1648.us.1 = fadd nsz contract double %arg.tz, %.1646.us.1
  %.1680.us.1 = fsub nsz contract double %.1468.us.1, %.1648.us.1
  %.1681.us.1 = fadd nsz contract double %.1624.us.1, %.1630.us.1
  %.1682.us.1 = fmul nsz contract double %.1681.us.1, 2.000000e+00
  %.1684.us.1 = fmul nsz contract double %arg.wavelength, %.1624.us.1
  %.1685.us.1 = fmul nsz contract double %.1630.us.1, %.1684.us.1
  %.1689.us.1 = fdiv nsz contract double %.1682.us.1, %.1685.us.1
  %.1690.us.1 = tail call nsz contract double @sqrt(double %.1689.us.1)
  %.1691.us.1 = fmul nsz contract double %.1680.us.1, %.1690.us.1
  %.1697.us.1 = fcmp nsz contract ogt double %.1691.us.1, %nu.2.3809.us.1
  br i1 %.1697.us.1, label %B1266.us.1, label %B1274.us.1

B1266.us.1:                                       ; preds = %B1088.us.1
  br label %B1274.us.1

B1274.us.1:                                       ; preds = %B1266.us.1, %B1088.us.1, %B1046.us.1, %B978.us.1
  %nu.3.4.us.1 = phi double [ %.1691.us.1, %B1266.us.1 ], [ %nu.2.3809.us.1, %B1088.us.1 ], [ %nu.2.3809.us.1, %B1046.us.1 ], [ %nu.2.3809.us.1, %B978.us.1 ]
  %lsr.iv.next151 = add i64 %lsr.iv150, -1
  %exitcond138.not = icmp eq i64 %to.2.3.us.1, %.1402.us.1
  br i1 %exitcond138.not, label %B1276.us.1, label %B978.us.1

B1276.us.1:                                       ; preds = %B1274.us.1
  %.8.i89 = fcmp nsz contract ugt double %nu.3.4.us.1, -7.800000e-01
  br i1 %.8.i89, label %B20.i91, label %B824.endif.us.2

B20.i91:                                          ; preds = %B1276.us.1
  %.15.i92 = fadd nsz contract double %nu.3.4.us.1, -1.000000e-01
  %.147.i.i93 = fmul nsz contract double %.15.i92, %.15.i92
  %.42.i94 = fadd nsz contract double %.147.i.i93, 1.000000e+00
  %sqrt.i95 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i94)
  %.45.i96 = fadd nsz contract double %nu.3.4.us.1, %sqrt.i95
  %.48.i97 = fadd nsz contract double %.45.i96, -1.000000e-01
  %.49.i98 = tail call nsz contract double @llvm.log10.f64(double %.48.i97)
  %.50.i99 = fmul nsz contract double %.49.i98, 2.000000e+01
  %.51.i100 = fadd nsz contract double %.50.i99, 6.900000e+00
  br label %B824.endif.us.2

B824.endif.us.2:                                  ; preds = %B20.i91, %B1276.us.1, %B824.endif.us.1
  %storemerge.i90 = phi double [ %.51.i100, %B20.i91 ], [ 0.000000e+00, %B1276.us.1 ], [ 0.000000e+00, %B824.endif.us.1 ]
  %.1774.us.1 = fadd nsz contract double %.51.i, %storemerge.i90
  %19 = tail call i64 @llvm.smax.i64(i64 %where.3.4.us, i64 0)
  %.1264.us.2.inv = icmp slt i64 %where.3.4.us, 1
  %from_.2.3.us.2.v = select i1 %.1264.us.2.inv, i64 1, i64 3
  %from_.2.3.us.2 = add nuw nsw i64 %from_.2.3.us.2.v, %19
  %.1346.us.2 = sub i64 %.13.i, %from_.2.3.us.2
  %.1389806.us.not.2 = icmp slt i64 %.1346.us.2, 1
  br i1 %.1389806.us.not.2, label %B1344.us.2, label %B978.lr.ph.us.2

B978.lr.ph.us.2:                                  ; preds = %B824.endif.us.2
  %.1633.us.2 = fsub nsz contract double %arg.receiver_m, %.1191.us.1
  %.1641.us.2 = sub nsw i64 %.13.i, %where.3.4.us
  %.1642.us.2 = sitofp i64 %.1641.us.2 to double
  %20 = mul i64 %where.3.4.us, -1
  br label %B978.us.2

B978.us.2:                                        ; preds = %B1274.us.2, %B978.lr.ph.us.2
  %nu.2.3809.us.2 = phi double [ -1.000000e+09, %B978.lr.ph.us.2 ], [ %nu.3.4.us.2, %B1274.us.2 ]
  %.1388804808.us.2 = phi i64 [ %.1346.us.2, %B978.lr.ph.us.2 ], [ %.1398.us.2, %B1274.us.2 ]
  %.1395805807.us.2 = phi i64 [ %from_.2.3.us.2, %B978.lr.ph.us.2 ], [ %.1402.us.2, %B1274.us.2 ]
  %.1398.us.2 = add i64 %.1388804808.us.2, -1
  %.1452.us.2 = icmp slt i64 %.1395805807.us.2, 0
  %.1453.us.2 = select i1 %.1452.us.2, i64 %arg.tops.5.0, i64 0
  %21 = shl i64 %.1453.us.2, 3
  %scevgep166 = getelementptr i8, ptr %arg.tops.4, i64 %21
  %22 = shl i64 %.1395805807.us.2, 3
  %scevgep167 = getelementptr i8, ptr %scevgep166, i64 %22
  %.1468.us.2 = load double, ptr %scevgep167, align 8
  %.1469.us.2 = fcmp nsz contract ogt double %.1468.us.2, 0.000000e+00
  br i1 %.1469.us.2, label %B1004.us.2, label %B1274.us.2

B1004.us.2:                                       ; preds = %B978.us.2
  %.1521.inv.us.2 = icmp sgt i64 %.1395805807.us.2, 0
  %.1522.us.2 = select i1 %.1521.inv.us.2, i64 0, i64 %arg.tops.5.0
  %23 = shl i64 %.1522.us.2, 3
  %scevgep163 = getelementptr i8, ptr %arg.tops.4, i64 %23
  %24 = shl i64 %.1395805807.us.2, 3
  %scevgep164 = getelementptr i8, ptr %scevgep163, i64 %24
  %scevgep165 = getelementptr i8, ptr %scevgep164, i64 -8
  %.1537.us.2 = load double, ptr %scevgep165, align 8
  %.1538.us.2 = fcmp nsz contract ogt double %.1468.us.2, %.1537.us.2
  br i1 %.1538.us.2, label %B1088.us.2, label %B1046.us.2

B1046.us.2:                                       ; preds = %B1004.us.2
  %.1592.us.2 = icmp slt i64 %.1395805807.us.2, -1
  %.1593.us.2 = select i1 %.1592.us.2, i64 %arg.tops.5.0, i64 0
  %25 = shl i64 %.1593.us.2, 3
  %scevgep160 = getelementptr i8, ptr %arg.tops.4, i64 %25
  %26 = shl i64 %.1395805807.us.2, 3
  %scevgep161 = getelementptr i8, ptr %scevgep160, i64 %26
  %scevgep162 = getelementptr i8, ptr %scevgep161, i64 8
  %.1608.us.2 = load double, ptr %scevgep162, align 8
  %.1609.us.2 = fcmp nsz contract ogt double %.1468.us.2, %.1608.us.2
  br i1 %.1609.us.2, label %B1088.us.2, label %B1274.us.2

B1088.us.2:                                       ; preds = %B1046.us.2, %B1004.us.2
  %27 = add i64 %20, %.1395805807.us.2
  %.1623.us.2 = sitofp i64 %27 to double
  %.1624.us.2 = fmul nsz contract double %.934.us, %.1623.us.2
  %.1629.us.2 = sitofp i64 %.1388804808.us.2 to double
  %.1630.us.2 = fmul nsz contract double %.934.us, %.1629.us.2
  %.1638.us.2 = fmul nsz contract double %.1633.us.2, %.1623.us.2
  %.1646.us.2 = fdiv nsz contract double %.1638.us.2, %.1642.us.2
  %.1648.us.2 = fadd nsz contract double %.1191.us.1, %.1646.us.2
  %.1680.us.2 = fsub nsz contract double %.1468.us.2, %.1648.us.2
  %.1681.us.2 = fadd nsz contract double %.1624.us.2, %.1630.us.2
  %.1682.us.2 = fmul nsz contract double %.1681.us.2, 2.000000e+00
  %.1684.us.2 = fmul nsz contract double %arg.wavelength, %.1624.us.2
  %.1685.us.2 = fmul nsz contract double %.1630.us.2, %.1684.us.2
  %.1689.us.2 = fdiv nsz contract double %.1682.us.2, %.1685.us.2
  %.1690.us.2 = tail call nsz contract double @sqrt(double %.1689.us.2)
  %.1691.us.2 = fmul nsz contract double %.1680.us.2, %.1690.us.2
  %.1697.us.2 = fcmp nsz contract ogt double %.1691.us.2, %nu.2.3809.us.2
  br i1 %.1697.us.2, label %B1266.us.2, label %B1274.us.2

B1266.us.2:                                       ; preds = %B1088.us.2
  br label %B1274.us.2

B1274.us.2:                                       ; preds = %B1266.us.2, %B1088.us.2, %B1046.us.2, %B978.us.2
  %nu.3.4.us.2 = phi double [ %.1691.us.2, %B1266.us.2 ], [ %nu.2.3809.us.2, %B1088.us.2 ], [ %nu.2.3809.us.2, %B1046.us.2 ], [ %nu.2.3809.us.2, %B978.us.2 ]
  %28 = add i64 %.1398.us.2, 1
  %.1402.us.2 = add i64 %.1395805807.us.2, 1
  %.1389.us.2 = icmp samesign ugt i64 %28, 1
  br i1 %.1389.us.2, label %B978.us.2, label %B1276.us.2

B1276.us.2:                                       ; preds = %B1274.us.2
  %.8.i103 = fcmp nsz contract ugt double %nu.3.4.us.2, -7.800000e-01
  br i1 %.8.i103, label %B20.i105, label %B1344.us.2

B20.i105:                                         ; preds = %B1276.us.2
  %.15.i106 = fadd nsz contract double %nu.3.4.us.2, -1.000000e-01
  %.147.i.i107 = fmul nsz contract double %.15.i106, %.15.i106
  %.42.i108 = fadd nsz contract double %.147.i.i107, 1.000000e+00
  %sqrt.i109 = tail call nsz contract double @llvm.sqrt.f64(double %.42.i108)
  %.45.i110 = fadd nsz contract double %nu.3.4.us.2, %sqrt.i109
  %.48.i111 = fadd nsz contract double %.45.i110, -1.000000e-01
  %.49.i112 = tail call nsz contract double @llvm.log10.f64(double %.48.i111)
  %.50.i113 = fmul nsz contract double %.49.i112, 2.000000e+01
  %.51.i114 = fadd nsz contract double %.50.i113, 6.900000e+00
  br label %B1344.us.2

B1344.us.2:                                       ; preds = %B20.i105, %B1276.us.2, %B824.endif.us.2
  %storemerge.i104 = phi double [ %.51.i114, %B20.i105 ], [ 0.000000e+00, %B1276.us.2 ], [ 0.000000e+00, %B824.endif.us.2 ]
  %.1774.us.2 = fadd nsz contract double %.1774.us.1, %storemerge.i104
  br label %B1348.us

B978.us:                                          ; preds = %B1274.us, %B978.us.preheader
  %lsr.iv140 = phi i64 [ %.1346.us, %B978.us.preheader ], [ %lsr.iv.next141, %B1274.us ]
  %where.2.3810.us = phi i64 [ %where.3.4.us, %B1274.us ], [ 0, %B978.us.preheader ]
  %nu.2.3809.us = phi double [ %nu.3.4.us, %B1274.us ], [ -1.000000e+09, %B978.us.preheader ]
  %.1395805807.us = phi i64 [ %.1402.us, %B1274.us ], [ 1, %B978.us.preheader ]
  %.1452.us = icmp slt i64 %.1395805807.us, 0
  %.1453.us = select i1 %.1452.us, i64 %arg.tops.5.0, i64 0
  %29 = shl i64 %.1453.us, 3
  %scevgep148 = getelementptr i8, ptr %arg.tops.4, i64 %29
  %30 = shl i64 %.1395805807.us, 3
  %scevgep149 = getelementptr i8, ptr %scevgep148, i64 %30
  %.1468.us = load double, ptr %scevgep149, align 8
  %.1469.us = fcmp nsz contract ogt double %.1468.us, 0.000000e+00
  br i1 %.1469.us, label %B1004.us, label %B1274.us

B1004.us:                                         ; preds = %B978.us
  %.1521.inv.us = icmp sgt i64 %.1395805807.us, 0
  %.1522.us = select i1 %.1521.inv.us, i64 0, i64 %arg.tops.5.0
  %31 = shl i64 %.1522.us, 3
  %scevgep145 = getelementptr i8, ptr %arg.tops.4, i64 %31
  %32 = shl i64 %.1395805807.us, 3
  %scevgep146 = getelementptr i8, ptr %scevgep145, i64 %32
  %scevgep147 = getelementptr i8, ptr %scevgep146, i64 -8
  %.1537.us = load double, ptr %scevgep147, align 8
  %.1538.us = fcmp nsz contract ogt double %.1468.us, %.1537.us
  br i1 %.1538.us, label %B1088.us, label %B1046.us

B1046.us:                                         ; preds = %B1004.us
  %.1592.us = icmp slt i64 %.1395805807.us, -1
  %.1593.us = select i1 %.1592.us, i64 %arg.tops.5.0, i64 0
  %33 = shl i64 %.1593.us, 3
  %scevgep142 = getelementptr i8, ptr %arg.tops.4, i64 %33
  %34 = shl i64 %.1395805807.us, 3
  %scevgep143 = getelementptr i8, ptr %scevgep142, i64 %34
  %scevgep144 = getelementptr i8, ptr %scevgep143, i64 8
  %.1608.us = load double, ptr %scevgep144, align 8
  %.1609.us = fcmp nsz contract ogt double %.1468.us, %.1608.us
  br i1 %.1609.us, label %B1088.us, label %B1274.us

B1088.us:                                         ; preds = %B1046.us, %B1004.us
  %.1623.us = sitofp i64 %.1395805807.us to double
  %.1624.us = fmul nsz contract double %.934.us, %.1623.us
  %.1629.us = sitofp i64 %lsr.iv140 to double
  %.1630.us = fmul nsz contract double %.934.us, %.1629.us
  %.1638.us = fmul nsz contract double %.1633.us, %.1623.us
  %.1646.us = fdiv nsz contract double %.1638.us, %.930.us
  %.1648.us = fadd nsz contract double %arg.tz, %.1646.us
  %.1680.us = fsub nsz contract double %.1468.us, %.1648.us
  %.1681.us = fadd nsz contract double %.1624.us, %.1630.us
  %.1682.us = fmul nsz contract double %.1681.us, 2.000000e+00
  %.1684.us = fmul nsz contract double %arg.wavelength, %.1624.us
  %.1685.us = fmul nsz contract double %.1630.us, %.1684.us
  %.1689.us = fdiv nsz contract double %.1682.us, %.1685.us
  %.1690.us = tail call nsz contract double @sqrt(double %.1689.us)
  %.1691.us = fmul nsz contract double %.1680.us, %.1690.us
  %.1697.us = fcmp nsz contract ogt double %.1691.us, %nu.2.3809.us
  br i1 %.1697.us, label %B1266.us, label %B1274.us

B1266.us:                                         ; preds = %B1088.us
  br label %B1274.us

B1274.us:                                         ; preds = %B1266.us, %B1088.us, %B1046.us, %B978.us
  %nu.3.4.us = phi double [ %.1691.us, %B1266.us ], [ %nu.2.3809.us, %B1088.us ], [ %nu.2.3809.us, %B1046.us ], [ %nu.2.3809.us, %B978.us ]
  %where.3.4.us = phi i64 [ %.1395805807.us, %B1266.us ], [ %where.2.3810.us, %B1088.us ], [ %where.2.3810.us, %B1046.us ], [ %where.2.3810.us, %B978.us ]
  %lsr.iv.next141 = add i64 %lsr.iv140, -1
  %.1402.us = add i64 %.1395805807.us, 1
  %exitcond.not139 = icmp eq i64 %lsr.iv.next141, 0
  br i1 %exitcond.not139, label %B1276.us, label %B978.us

B362.us:                                          ; preds = %B362.lr.ph.us, %B1621.us
  %lsr.iv = phi i64 [ %37, %B362.lr.ph.us ], [ %lsr.iv.next, %B1621.us ]
  %.628799801.us = phi i64 [ 0, %B362.lr.ph.us ], [ %.635.us, %B1621.us ]
  %.665.us = uitofp nneg i64 %.628799801.us to double
  %.670.us = fdiv nsz contract double %.665.us, %.666.us
  %.678.us = fmul nsz contract double %.440.us, %.670.us
  %.680.us = fadd nsz contract double %arg.tx, %.678.us
  %.681.us = tail call nsz contract double @llvm.floor.f64(double %.680.us)
  %.682.us = fptosi double %.681.us to i64
  %.687.us = fmul nsz contract double %.443.us, %.670.us
  %.689.us = fadd nsz contract double %arg.ty, %.687.us
  %.690.us = tail call nsz contract double @llvm.floor.f64(double %.689.us)
  %.691.us = fptosi double %.690.us to i64
  %35 = shl i64 %.628799801.us, 3
  %scevgep = getelementptr i8, ptr %arg.tops.4, i64 %35
  store double 0.000000e+00, ptr %scevgep, align 8
  %.731.us = fmul nsz contract double %.6.i, %.670.us
  %.732.us = fcmp nsz contract ogt double %.731.us, 7.500000e-01
  br i1 %.732.us, label %B518.us, label %B1621.us

B518.us:                                          ; preds = %B362.us
  %.735.us = fsub nsz contract double 1.000000e+00, %.670.us
  %.739.us = fmul nsz contract double %.6.i, %.735.us
  %.740.us = fcmp nsz contract ogt double %.739.us, 7.500000e-01
  br i1 %.740.us, label %B542.us, label %B1621.us

B542.us:                                          ; preds = %B518.us
  %.743.us = icmp sgt i64 %.691.us, -1
  %.751.us = icmp sgt i64 %arg.height.5.0, %.691.us
  %or.cond.us = select i1 %.743.us, i1 %.751.us, i1 false
  br i1 %or.cond.us, label %B574.us, label %B1621.us

B574.us:                                          ; preds = %B542.us
  %.766.us = icmp sgt i64 %.682.us, -1
  %.774.us = icmp sgt i64 %arg.height.5.1, %.682.us
  %or.cond770.us = select i1 %.766.us, i1 %.774.us, i1 false
  br i1 %or.cond770.us, label %B606.us, label %B1621.us

B606.us:                                          ; preds = %B574.us
  %.840.us = mul i64 %arg.height.5.1, %.691.us
  %36 = getelementptr float, ptr %arg.height.4, i64 %.840.us
  %.844.us = getelementptr float, ptr %36, i64 %.682.us
  %.845.us = load float, ptr %.844.us, align 4
  %.878.us = fpext float %.845.us to double
  %sunkaddr174 = mul i64 %.628799801.us, 8
  %sunkaddr175 = getelementptr i8, ptr %arg.tops.4, i64 %sunkaddr174
  store double %.878.us, ptr %sunkaddr175, align 8
  br label %B1621.us

B1621.us:                                         ; preds = %B606.us, %B574.us, %B542.us, %B518.us, %B362.us
  %lsr.iv.next = add i64 %lsr.iv, -1
  %.635.us = add nuw nsw i64 %.628799801.us, 1
  %.622.us = icmp samesign ugt i64 %lsr.iv.next, 1
  br i1 %.622.us, label %B362.us, label %B824.endif.us

B362.lr.ph.us:                                    ; preds = %B138.endif.endif.endif.endif.us
  %.666.us = uitofp nneg i64 %.13.i to double
  %37 = add i64 %.13.i, 2
  br label %B362.us

B136.B78.loopexit_crit_edge.us:                   ; preds = %B1612.us
  %.258.us = add nuw nsw i64 %.2519351017.us, 1
  %exitcond1357.not = icmp eq i64 %.258.us, %arg.loss.5.0
  br i1 %exitcond1357.not, label %common.ret, label %B80.endif.us

common.ret:                                       ; preds = %B136.B78.loopexit_crit_edge.us, %B80.endif.lr.ph, %B0.endif
  store ptr null, ptr %retptr, align 8
  ret i32 0
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64)

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64)

define i32 @rays_cut(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr initializes((0, 8)) %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0:
  %.81 = alloca i64, align 8
  %arg.points.5.0.fr = freeze i64 %arg.points.5.0
  %excinfo.1 = alloca ptr, align 8
  %.127 = alloca ptr, align 8
  %excinfo.2 = alloca ptr, align 8
  store ptr null, ptr %excinfo.2, align 8
  %.494 = alloca [4 x double], align 8
  %excinfo.3 = alloca ptr, align 8
  %.1154 = alloca ptr, align 8
  %excinfo.5 = alloca ptr, align 8
  store ptr null, ptr %excinfo.5, align 8
  store i64 0, ptr %.81, align 8
  %.95 = call i32 @part2(ptr nonnull %.81, ptr nonnull %excinfo.1, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %.105 = load i64, ptr %.81, align 8
  %cond = icmp eq i32 %.95, 0
  br i1 %cond, label %B0.endif, label %B0.if.if

B336:                                             ; preds = %B334.backedge, %B336.preheader
  %lsr.iv46 = phi i64 [ %rem.2.0, %B336.preheader ], [ %lsr.iv.next47, %B334.backedge ]
  %lsr.iv44 = phi i64 [ %.369, %B336.preheader ], [ %lsr.iv.next45, %B334.backedge ]
  %off.2.2645 = phi double [ %.13.i11, %B334.backedge ], [ 0.000000e+00, %B336.preheader ]
  %0 = icmp ne i64 %arg.points.5.0.fr, -1
  %1 = add i64 %lsr.iv44, %const
  %.686 = icmp ne i64 %1, 0
  %.688.not = or i1 %0, %.686
  br i1 %.688.not, label %B336.endif, label %B334.backedge

B476.loopexit26.unr-lcssa:                        ; preds = %B334.backedge.us
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B476, label %B334.backedge.us.epil.preheader

B334.backedge.us.epil.preheader:                  ; preds = %B334.backedge.us.preheader, %B476.loopexit26.unr-lcssa
  %off.2.2645.us.epil.init = phi double [ 0.000000e+00, %B334.backedge.us.preheader ], [ %.13.i, %B476.loopexit26.unr-lcssa ]
  br label %B334.backedge.us.epil

B334.backedge.us.epil:                            ; preds = %B334.backedge.us.epil, %B334.backedge.us.epil.preheader
  %lsr.iv42 = phi i64 [ %lsr.iv.next43, %B334.backedge.us.epil ], [ %xtraiter, %B334.backedge.us.epil.preheader ]
  %off.2.2645.us.epil = phi double [ %.13.i.epil, %B334.backedge.us.epil ], [ %off.2.2645.us.epil.init, %B334.backedge.us.epil.preheader ]
  %.12.i.epil = fcmp nsz contract ogt double %.830.us, %off.2.2645.us.epil
  %.13.i.epil = select i1 %.12.i.epil, double %.830.us, double %off.2.2645.us.epil
  %lsr.iv.next43 = add nsw i64 %lsr.iv42, -1
  %epil.iter.cmp.not = icmp eq i64 %lsr.iv.next43, 0
  br i1 %epil.iter.cmp.not, label %B476, label %B334.backedge.us.epil

B476:                                             ; preds = %B334.backedge, %B164.endif.endif.endif.endif.endif, %B334.backedge.us.epil, %B476.loopexit26.unr-lcssa
  %off.2.2.lcssa = phi double [ 0.000000e+00, %B164.endif.endif.endif.endif.endif ], [ %.13.i11, %B334.backedge ], [ %.13.i, %B476.loopexit26.unr-lcssa ], [ %.13.i.epil, %B334.backedge.us.epil ]
  %.888 = fadd nsz contract double %best.2.1672, -1.000000e-09
  %.892 = fcmp nsz contract olt double %off.2.2.lcssa, %.888
  %where.3.2 = select i1 %.892, i64 %.260656669, i64 %where.2.1671
  %best.3.2 = select i1 %.892, double %off.2.2.lcssa, double %best.2.1672
  %exitcond775.not = icmp eq i64 %.267, %count.2.0
  br i1 %exitcond775.not, label %B504, label %B164.else.if

B504:                                             ; preds = %B476
  %.927 = icmp slt i64 %where.3.2, 0
  br i1 %.927, label %B606, label %B518.endif

B562:                                             ; preds = %B562.preheader36, %B562
  %lsr.iv48 = phi i64 [ %80, %B562.preheader36 ], [ %lsr.iv.next49, %B562 ]
  %.1033679681 = phi i64 [ %11, %B562 ], [ %.1033679681.unr, %B562.preheader36 ]
  %.1079 = icmp slt i64 %.1033679681, -1
  %.1080 = select i1 %.1079, i64 %arg.begins.5.0, i64 0
  %2 = shl i64 %.1080, 3
  %scevgep52 = getelementptr i8, ptr %arg.begins.4, i64 %2
  %3 = shl i64 %.1033679681, 3
  %scevgep53 = getelementptr i8, ptr %scevgep52, i64 %3
  %scevgep54 = getelementptr i8, ptr %scevgep53, i64 8
  %.1095 = load i64, ptr %scevgep54, align 8
  %.1109 = icmp slt i64 %.1033679681, 0
  %.1110 = select i1 %.1109, i64 %arg.begins.5.0, i64 0
  %4 = shl i64 %.1110, 3
  %scevgep50 = getelementptr i8, ptr %arg.begins.4, i64 %4
  %5 = shl i64 %.1033679681, 3
  %scevgep51 = getelementptr i8, ptr %scevgep50, i64 %5
  store i64 %.1095, ptr %scevgep51, align 8
  %6 = add i64 %.1033679681, 1
  %.1079.1 = icmp slt i64 %6, -1
  %.1080.1 = select i1 %.1079.1, i64 %arg.begins.5.0, i64 0
  %7 = shl i64 %.1080.1, 3
  %scevgep58 = getelementptr i8, ptr %arg.begins.4, i64 %7
  %8 = shl i64 %.1033679681, 3
  %scevgep59 = getelementptr i8, ptr %scevgep58, i64 %8
  %scevgep60 = getelementptr i8, ptr %scevgep59, i64 16
  %.1095.1 = load i64, ptr %scevgep60, align 8
  %.1109.1 = icmp slt i64 %6, 0
  %.1110.1 = select i1 %.1109.1, i64 %arg.begins.5.0, i64 0
  %9 = shl i64 %.1110.1, 3
  %scevgep55 = getelementptr i8, ptr %arg.begins.4, i64 %9
  %10 = shl i64 %.1033679681, 3
  %scevgep56 = getelementptr i8, ptr %scevgep55, i64 %10
  %scevgep57 = getelementptr i8, ptr %scevgep56, i64 8
  store i64 %.1095.1, ptr %scevgep57, align 8
  %lsr.iv.next49 = add i64 %lsr.iv48, -2
  %.1027.1 = icmp sgt i64 %lsr.iv.next49, 2
  %11 = add i64 %6, 1
  br i1 %.1027.1, label %B562, label %B594

B594:                                             ; preds = %B562.prol.loopexit, %B518.endif, %B562
  %indvar.next = add i64 %indvar, 1
  %.1138 = icmp sgt i64 %count.2.0, 4
  br i1 %.1138, label %B164.else.if.lr.ph, label %B606

B606:                                             ; preds = %B0.endif.endif, %B594, %B504
  %count.3.1 = phi i64 [ %.105, %B0.endif.endif ], [ 3, %B594 ], [ %count.2.0, %B504 ]
  %.1168 = call i32 @part3(ptr nonnull %.1154, ptr nonnull %excinfo.5, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %count.3.1, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %cond13 = icmp eq i32 %.1168, 0
  br i1 %cond13, label %B606.endif.endif, label %B606.if.if

B762:                                             ; preds = %B762.preheader, %B928
  %.1514731733 = phi i64 [ %.1521, %B928 ], [ 1, %B762.preheader ]
  %.1521 = add nuw i64 %.1514731733, 1
  %12 = getelementptr i64, ptr %arg.begins.4, i64 %.1514731733
  %.1586 = getelementptr i8, ptr %12, i64 -8
  %.1587 = load i64, ptr %.1586, align 8
  %.1618 = load i64, ptr %12, align 8
  %.1621 = icmp sgt i64 %.1587, %.1618
  br i1 %.1621, label %B804.preheader, label %B928

B804.preheader:                                   ; preds = %B762
  br label %B804

B804:                                             ; preds = %B886, %B804.preheader
  %j.3.2 = phi i64 [ %.1658, %B886 ], [ %.1514731733, %B804.preheader ]
  %13 = shl i64 %j.3.2, 3
  %scevgep40 = getelementptr i8, ptr %arg.begins.4, i64 %13
  %14 = shl i64 %j.3.2, 3
  %scevgep = getelementptr i8, ptr %arg.begins.4, i64 %14
  %scevgep37 = getelementptr i8, ptr %scevgep, i64 -8
  %.1688 = load i64, ptr %scevgep37, align 8
  store i64 %.1688, ptr %scevgep40, align 8
  store i64 %.1618, ptr %scevgep37, align 8
  %.1760 = icmp sgt i64 %j.3.2, 1
  br i1 %.1760, label %B886, label %B928

B886:                                             ; preds = %B804
  %15 = shl i64 %j.3.2, 3
  %scevgep38 = getelementptr i8, ptr %arg.begins.4, i64 %15
  %scevgep39 = getelementptr i8, ptr %scevgep38, i64 -16
  %.1796 = load i64, ptr %scevgep39, align 8
  %.1830 = icmp sgt i64 %.1796, %.1618
  %.1658 = add nsw i64 %j.3.2, -1
  br i1 %.1830, label %B804, label %B928

B928:                                             ; preds = %B886, %B804, %B762
  %exitcond779.not = icmp eq i64 %.1521, %count.3.1
  br i1 %exitcond779.not, label %B930, label %B762

common.ret:                                       ; preds = %B606.if.if, %B164.endif.endif.endif.if.if, %B0.endif.if.if, %B0.if.if, %B930
  %common.ret.op = phi i32 [ 0, %B930 ], [ %.95, %B0.if.if ], [ %.141, %B0.endif.if.if ], [ %.502, %B164.endif.endif.endif.if.if ], [ %.1168, %B606.if.if ]
  ret i32 %common.ret.op

B930:                                             ; preds = %B710.endif, %B928
  store i64 %count.3.1, ptr %retptr, align 8
  br label %common.ret

B0.endif:                                         ; preds = %B0
  %.141 = call i32 @part3(ptr nonnull %.127, ptr nonnull %excinfo.2, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %.105, ptr %arg.room.0, ptr %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1)
  %cond12 = icmp eq i32 %.141, 0
  br i1 %cond12, label %B0.endif.endif, label %B0.endif.if.if

B0.if.if:                                         ; preds = %B0
  store ptr null, ptr %excinfo, align 8
  br label %common.ret

B0.endif.endif:                                   ; preds = %B0.endif
  %.161 = icmp sgt i64 %.105, 3
  br i1 %.161, label %B114.endif.preheader, label %B606

B114.endif.preheader:                             ; preds = %B0.endif.endif
  %const = bitcast i64 -9223372036854775808 to i64
  %16 = add nsw i64 %.105, -2
  br label %B164.else.if.lr.ph

B0.endif.if.if:                                   ; preds = %B0.endif
  %.149 = icmp sgt i32 %.141, 0
  %.142 = load ptr, ptr %excinfo.2, align 8
  %.150 = select i1 %.149, ptr %.142, ptr undef
  store ptr %.150, ptr %excinfo, align 8
  br label %common.ret

B164.else.if.lr.ph:                               ; preds = %B114.endif.preheader, %B594
  %indvar = phi i64 [ %indvar.next, %B594 ], [ 0, %B114.endif.preheader ]
  %count.2.0 = phi i64 [ %.296, %B594 ], [ %.105, %B114.endif.preheader ]
  %.296 = add nsw i64 %count.2.0, -1
  br label %B164.else.if

B164.else.if:                                     ; preds = %B164.else.if.lr.ph, %B476
  %best.2.1672 = phi double [ 5.600000e-01, %B164.else.if.lr.ph ], [ %best.3.2, %B476 ]
  %where.2.1671 = phi i64 [ -1, %B164.else.if.lr.ph ], [ %where.3.2, %B476 ]
  %.260656669 = phi i64 [ 0, %B164.else.if.lr.ph ], [ %.267, %B476 ]
  %.267 = add nuw nsw i64 %.260656669, 1
  %.298 = add i64 %.260656669, %.296
  %17 = or i64 %.298, %count.2.0
  %18 = and i64 %17, -4294967296
  %19 = icmp eq i64 %18, 0
  br i1 %19, label %20, label %25

20:                                               ; preds = %B164.else.if
  %21 = trunc i64 %count.2.0 to i32
  %22 = trunc i64 %.298 to i32
  %23 = urem i32 %22, %21
  %24 = zext i32 %23 to i64
  br label %27

25:                                               ; preds = %B164.else.if
  %26 = srem i64 %.298, %count.2.0
  br label %27

27:                                               ; preds = %25, %20
  %28 = phi i64 [ %24, %20 ], [ %26, %25 ]
  %.320 = xor i64 %28, %count.2.0
  %.321 = icmp slt i64 %.320, 0
  %.330 = select i1 %.321, i64 %count.2.0, i64 0
  %.310.1 = add i64 %.330, %28
  %.353 = icmp slt i64 %.310.1, 0
  %.354 = select i1 %.353, i64 %arg.begins.5.0, i64 0
  %29 = getelementptr i64, ptr %arg.begins.4, i64 %.310.1
  %.368 = getelementptr i64, ptr %29, i64 %.354
  %.369 = load i64, ptr %.368, align 8
  %30 = or i64 %.267, %count.2.0
  %31 = and i64 %30, -4294967296
  %32 = icmp eq i64 %31, 0
  br i1 %32, label %33, label %38

33:                                               ; preds = %27
  %34 = trunc i64 %count.2.0 to i32
  %35 = trunc i64 %.267 to i32
  %36 = urem i32 %35, %34
  %37 = zext i32 %36 to i64
  br label %40

38:                                               ; preds = %27
  %39 = srem i64 %.267, %count.2.0
  br label %40

40:                                               ; preds = %38, %33
  %41 = phi i64 [ %37, %33 ], [ %39, %38 ]
  %42 = icmp ne i64 %arg.points.5.0.fr, -1
  %43 = icmp ne i64 %arg.points.5.0.fr, 0
  %44 = getelementptr i64, ptr %arg.begins.4, i64 %41
  %.442 = load i64, ptr %44, align 8
  %45 = xor i64 %.369, -1
  %.448 = add i64 %.442, %45
  %.463 = icmp ne i64 %.448, %const
  %.465.not = or i1 %42, %.463
  %or.cond = select i1 %43, i1 %.465.not, i1 false
  br i1 %or.cond, label %B164.endif.endif.else.if, label %B164.endif.endif.endif

B164.endif.endif.endif:                           ; preds = %56, %40
  %rem.2.0 = phi i64 [ 1, %40 ], [ %58, %56 ]
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.494, i8 0, i64 32, i1 false)
  %.502 = call i32 @part1(ptr nonnull %.494, ptr nonnull %excinfo.3, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0.fr, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.369, i64 %rem.2.0)
  %.512.fca.0.load = load double, ptr %.494, align 8
  %sunkaddr = getelementptr inbounds i8, ptr %.494, i64 8
  %.512.fca.1.load = load double, ptr %sunkaddr, align 8
  %sunkaddr61 = getelementptr inbounds i8, ptr %.494, i64 16
  %.512.fca.2.load = load double, ptr %sunkaddr61, align 8
  %sunkaddr62 = getelementptr inbounds i8, ptr %.494, i64 24
  %.512.fca.3.load = load double, ptr %sunkaddr62, align 8
  switch i32 %.502, label %B164.endif.endif.endif.if.if [
    i32 -2, label %B164.endif.endif.endif.endif.endif
    i32 0, label %B164.endif.endif.endif.endif.endif
  ]

B164.endif.endif.else.if:                         ; preds = %40
  %46 = or i64 %.448, %arg.points.5.0.fr
  %47 = and i64 %46, -4294967296
  %48 = icmp eq i64 %47, 0
  br i1 %48, label %49, label %54

49:                                               ; preds = %B164.endif.endif.else.if
  %50 = trunc i64 %arg.points.5.0.fr to i32
  %51 = trunc i64 %.448 to i32
  %52 = urem i32 %51, %50
  %53 = zext i32 %52 to i64
  br label %56

54:                                               ; preds = %B164.endif.endif.else.if
  %55 = srem i64 %.448, %arg.points.5.0.fr
  br label %56

56:                                               ; preds = %54, %49
  %57 = phi i64 [ %53, %49 ], [ %55, %54 ]
  %.470 = xor i64 %57, %arg.points.5.0.fr
  %.471 = icmp slt i64 %.470, 0
  %.472 = icmp ne i64 %57, 0
  %.473 = and i1 %.472, %.471
  %.480 = select i1 %.473, i64 %arg.points.5.0.fr, i64 0
  %spec.select = add i64 %57, 1
  %58 = add i64 %spec.select, %.480
  br label %B164.endif.endif.endif

B164.endif.endif.endif.if.if:                     ; preds = %B164.endif.endif.endif
  store ptr null, ptr %excinfo, align 8
  br label %common.ret

B164.endif.endif.endif.endif.endif:               ; preds = %B164.endif.endif.endif, %B164.endif.endif.endif
  %.632642.not = icmp slt i64 %rem.2.0, 1
  br i1 %.632642.not, label %B476, label %B336.lr.ph

B336.lr.ph:                                       ; preds = %B164.endif.endif.endif.endif.endif
  %59 = icmp ne i64 %arg.points.5.0.fr, 0
  br i1 %59, label %B336.preheader, label %B334.backedge.us.preheader

B336.preheader:                                   ; preds = %B336.lr.ph
  br label %B336

B334.backedge.us.preheader:                       ; preds = %B336.lr.ph
  %.766.us = load double, ptr %arg.points.4, align 8
  %.768.us = fsub nsz contract double %.766.us, %.512.fca.0.load
  %.770.us = fmul nsz contract double %.512.fca.2.load, %.768.us
  %sunkaddr63 = getelementptr i8, ptr %arg.points.4, i64 8
  %.824.us = load double, ptr %sunkaddr63, align 8
  %.826.us = fsub nsz contract double %.824.us, %.512.fca.1.load
  %.828.us = fmul nsz contract double %.512.fca.3.load, %.826.us
  %.829.us = fadd nsz contract double %.770.us, %.828.us
  %.830.us = tail call nsz contract double @llvm.fabs.f64(double %.829.us)
  %xtraiter = and i64 %rem.2.0, 3
  %60 = icmp ult i64 %rem.2.0, 4
  br i1 %60, label %B334.backedge.us.epil.preheader, label %B334.backedge.us.preheader.new

B334.backedge.us.preheader.new:                   ; preds = %B334.backedge.us.preheader
  %const_mat = add i64 %const, -4
  %unroll_iter = and i64 %rem.2.0, %const_mat
  br label %B334.backedge.us

B334.backedge.us:                                 ; preds = %B334.backedge.us, %B334.backedge.us.preheader.new
  %lsr.iv = phi i64 [ %lsr.iv.next, %B334.backedge.us ], [ %unroll_iter, %B334.backedge.us.preheader.new ]
  %off.2.2645.us = phi double [ 0.000000e+00, %B334.backedge.us.preheader.new ], [ %.13.i, %B334.backedge.us ]
  %.12.i = fcmp nsz contract ogt double %.830.us, %off.2.2645.us
  %.13.i = select i1 %.12.i, double %.830.us, double %off.2.2645.us
  %lsr.iv.next = add nsw i64 %lsr.iv, -4
  %niter.ncmp.3 = icmp eq i64 %lsr.iv.next, 0
  br i1 %niter.ncmp.3, label %B476.loopexit26.unr-lcssa, label %B334.backedge.us

B336.endif:                                       ; preds = %B336
  %61 = or i64 %lsr.iv44, %arg.points.5.0.fr
  %62 = and i64 %61, -4294967296
  %63 = icmp eq i64 %62, 0
  br i1 %63, label %64, label %69

64:                                               ; preds = %B336.endif
  %65 = trunc i64 %arg.points.5.0.fr to i32
  %66 = trunc i64 %lsr.iv44 to i32
  %67 = urem i32 %66, %65
  %68 = zext i32 %67 to i64
  br label %71

69:                                               ; preds = %B336.endif
  %70 = srem i64 %lsr.iv44, %arg.points.5.0.fr
  br label %71

71:                                               ; preds = %69, %64
  %72 = phi i64 [ %68, %64 ], [ %70, %69 ]
  %.693 = xor i64 %72, %arg.points.5.0.fr
  %.694 = icmp slt i64 %.693, 0
  %.695 = icmp ne i64 %72, 0
  %.696 = and i1 %.695, %.694
  %.703 = select i1 %.696, i64 %arg.points.5.0.fr, i64 0
  %spec.select631 = add i64 %.703, %72
  %73 = freeze i64 %spec.select631
  %.739 = icmp slt i64 %73, 0
  %spec.select793 = select i1 %.739, i64 %arg.points.5.0.fr, i64 0
  %74 = add i64 %spec.select793, %73
  %75 = mul i64 %74, %arg.points.5.1
  br label %B334.backedge

B334.backedge:                                    ; preds = %71, %B336
  %spec.select630 = phi i64 [ 0, %B336 ], [ %75, %71 ]
  %.765 = getelementptr double, ptr %arg.points.4, i64 %spec.select630
  %.766 = load double, ptr %.765, align 8
  %.768 = fsub nsz contract double %.766, %.512.fca.0.load
  %.770 = fmul nsz contract double %.512.fca.2.load, %.768
  %.823 = getelementptr i8, ptr %.765, i64 8
  %.824 = load double, ptr %.823, align 8
  %.826 = fsub nsz contract double %.824, %.512.fca.1.load
  %.828 = fmul nsz contract double %.512.fca.3.load, %.826
  %.829 = fadd nsz contract double %.770, %.828
  %.830 = tail call nsz contract double @llvm.fabs.f64(double %.829)
  %.12.i10 = fcmp nsz contract ogt double %.830, %off.2.2645
  %.13.i11 = select i1 %.12.i10, double %.830, double %off.2.2645
  %lsr.iv.next45 = add i64 %lsr.iv44, 1
  %lsr.iv.next47 = add i64 %lsr.iv46, -1
  %exitcond774.not = icmp eq i64 %lsr.iv.next47, 0
  br i1 %exitcond774.not, label %B476, label %B336

B518.endif:                                       ; preds = %B504
  %.984 = sub i64 %.296, %where.3.2
  %.1027680.not = icmp slt i64 %.984, 1
  br i1 %.1027680.not, label %B594, label %B562.preheader

B562.preheader:                                   ; preds = %B518.endif
  %76 = add i64 %indvar, %where.3.2
  %xtraiter31 = and i64 %.984, 1
  %lcmp.mod32.not = icmp eq i64 %xtraiter31, 0
  br i1 %lcmp.mod32.not, label %B562.prol.loopexit, label %B562.prol

B562.prol:                                        ; preds = %B562.preheader
  %.1036.prol = add nsw i64 %.984, -1
  %.1040.prol = add nuw i64 %where.3.2, 1
  %77 = getelementptr i64, ptr %arg.begins.4, i64 %where.3.2
  %78 = getelementptr i8, ptr %77, i64 8
  %.1095.prol = load i64, ptr %78, align 8
  store i64 %.1095.prol, ptr %77, align 8
  br label %B562.prol.loopexit

B562.prol.loopexit:                               ; preds = %B562.prol, %B562.preheader
  %.1026678682.unr = phi i64 [ %.984, %B562.preheader ], [ %.1036.prol, %B562.prol ]
  %.1033679681.unr = phi i64 [ %where.3.2, %B562.preheader ], [ %.1040.prol, %B562.prol ]
  %79 = icmp eq i64 %16, %76
  br i1 %79, label %B594, label %B562.preheader36

B562.preheader36:                                 ; preds = %B562.prol.loopexit
  %80 = add i64 %.1026678682.unr, 2
  br label %B562

B606.if.if:                                       ; preds = %B606
  %.1176 = icmp sgt i32 %.1168, 0
  %.1169 = load ptr, ptr %excinfo.5, align 8
  %.1177 = select i1 %.1176, ptr %.1169, ptr undef
  store ptr %.1177, ptr %excinfo, align 8
  br label %common.ret

B606.endif.endif:                                 ; preds = %B606
  %.1282707.not = icmp slt i64 %count.3.1, 1
  br i1 %.1282707.not, label %B710.endif, label %B674.lr.ph

B674.lr.ph:                                       ; preds = %B606.endif.endif
  %arg.points.5.0.fr.off = add i64 %arg.points.5.0.fr, -1
  %switch = icmp ult i64 %arg.points.5.0.fr.off, -2
  br i1 %switch, label %B674.us714, label %B710.endif.sink.split

B674.us714:                                       ; preds = %92, %B674.lr.ph
  %.1288706708.us716 = phi i64 [ %.1295.us718, %92 ], [ 0, %B674.lr.ph ]
  %.1295.us718 = add nuw nsw i64 %.1288706708.us716, 1
  %81 = shl i64 %.1288706708.us716, 3
  %scevgep41 = getelementptr i8, ptr %arg.begins.4, i64 %81
  %.1349.us722 = load i64, ptr %scevgep41, align 8
  %82 = or i64 %.1349.us722, %arg.points.5.0.fr
  %83 = and i64 %82, -4294967296
  %84 = icmp eq i64 %83, 0
  br i1 %84, label %85, label %90

85:                                               ; preds = %B674.us714
  %86 = trunc i64 %arg.points.5.0.fr to i32
  %87 = trunc i64 %.1349.us722 to i32
  %88 = urem i32 %87, %86
  %89 = zext i32 %88 to i64
  br label %92

90:                                               ; preds = %B674.us714
  %91 = srem i64 %.1349.us722, %arg.points.5.0.fr
  br label %92

92:                                               ; preds = %90, %85
  %93 = phi i64 [ %89, %85 ], [ %91, %90 ]
  %.1371.us = xor i64 %93, %arg.points.5.0.fr
  %.1372.us = icmp slt i64 %.1371.us, 0
  %.1373.us = icmp ne i64 %93, 0
  %.1374.us = and i1 %.1373.us, %.1372.us
  %.1381.us = select i1 %.1374.us, i64 %arg.points.5.0.fr, i64 0
  %spec.select632.us = add i64 %.1381.us, %93
  %sunkaddr64 = mul i64 %.1288706708.us716, 8
  %sunkaddr65 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr64
  store i64 %spec.select632.us, ptr %sunkaddr65, align 8
  %exitcond776.not = icmp eq i64 %count.3.1, %.1295.us718
  br i1 %exitcond776.not, label %B710.endif, label %B674.us714

B710.endif.sink.split:                            ; preds = %B674.lr.ph
  %94 = shl nuw i64 %count.3.1, 3
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begins.4, i8 0, i64 %94, i1 false)
  br label %B710.endif

B710.endif:                                       ; preds = %B710.endif.sink.split, %92, %B606.endif.endif
  %.1465 = add i64 %count.3.1, -1
  %.1508732.not = icmp slt i64 %.1465, 1
  br i1 %.1508732.not, label %B930, label %B762.preheader

B762.preheader:                                   ; preds = %B710.endif
  br label %B762
}

define internal noundef i32 @part2(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.start, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr initializes((0, 8)) %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0.endif:
  %.117 = icmp sgt i64 %arg.points.5.0, 0
  br i1 %.117, label %B62.preheader, label %B76

B62.preheader:                                    ; preds = %B0.endif
  %0 = shl nuw i64 %arg.points.5.0, 3
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begins.4, i8 0, i64 %0, i1 false)
  br label %B76

B76:                                              ; preds = %B62.preheader, %B0.endif
  %const = bitcast i64 9223372036854775806 to i64
  %.248 = icmp slt i64 %arg.start, 0
  %.249 = select i1 %.248, i64 %arg.begins.5.0, i64 0
  %1 = getelementptr i64, ptr %arg.begins.4, i64 %arg.start
  %.263 = getelementptr i64, ptr %1, i64 %.249
  store i64 1, ptr %.263, align 8
  %.267 = add nsw i64 %arg.start, %arg.points.5.0
  store i64 %arg.start, ptr %arg.room.4, align 8
  %.381 = getelementptr i64, ptr %arg.room.4, i64 %arg.room.5.1
  store i64 %.267, ptr %.381, align 8
  %.801610 = mul nuw nsw i64 %arg.points.5.1, %arg.points.5.0
  %.805611 = getelementptr double, ptr %arg.points.4, i64 %.801610
  %2 = trunc nuw i64 %arg.points.5.0 to i32
  br label %B132

B132:                                             ; preds = %B706, %B76
  %waiting.3.0 = phi i64 [ 1, %B76 ], [ %waiting.4.1, %B706 ]
  %3 = icmp ne i64 %arg.points.5.0, 0
  %4 = icmp ne i64 %arg.points.5.0, -1
  %.391 = add nsw i64 %waiting.3.0, -1
  %.450 = getelementptr i64, ptr %arg.room.4, i64 %.391
  %.451 = load i64, ptr %.450, align 8
  %.505 = getelementptr i64, ptr %.381, i64 %.391
  %.506 = load i64, ptr %.505, align 8
  %const_mat = add i64 %const, 2
  %.528 = icmp ne i64 %.451, %const_mat
  %.530.not = or i1 %4, %.528
  %or.cond = select i1 %3, i1 %.530.not, i1 false
  br i1 %or.cond, label %B132.endif, label %40

B390:                                             ; preds = %B390.preheader, %B562
  %lsr.iv35 = phi i64 [ %.953, %B390.preheader ], [ %lsr.iv.next36, %B562 ]
  %lsr.iv = phi i64 [ %85, %B390.preheader ], [ %lsr.iv.next, %B562 ]
  %lsr.iv45 = phi i64 [ %84, %B390.preheader ], [ %lsr.iv.next46, %B562 ]
  %at.2.1699 = phi i64 [ 0, %B390.preheader ], [ %at.3.2, %B562 ]
  %worst.2.1698 = phi double [ -1.000000e+00, %B390.preheader ], [ %worst.3.2, %B562 ]
  %5 = icmp ne i64 %arg.points.5.0, -1
  %.1090 = icmp ne i64 %lsr.iv, 0
  %.1092.not = or i1 %5, %.1090
  br i1 %.1092.not, label %B390.endif.else.if, label %B390.endif.endif.thread

B468:                                             ; preds = %B390.endif.endif.thread
  %.1282 = fmul nsz contract double %.808606625, %.1270
  %.1287 = fmul nsz contract double %.906, %.1172644661
  %.1290 = fsub nsz contract double %.1282, %.1287
  %.1291 = tail call nsz contract double @llvm.fabs.f64(double %.1290)
  %.1296 = fdiv nsz contract double %.1291, %.6.i8
  br label %B562

B522:                                             ; preds = %B390.endif.endif.thread
  %.6.i = tail call nsz contract double @hypot(double %.1172644661, double %.1270)
  br label %B562

B562:                                             ; preds = %B522, %B468
  %"$phi562.1.2.2" = phi double [ %.1296, %B468 ], [ %.6.i, %B522 ]
  %.1352 = fcmp nsz contract ogt double %"$phi562.1.2.2", %worst.2.1698
  %worst.3.2 = select i1 %.1352, double %"$phi562.1.2.2", double %worst.2.1698
  %at.3.2 = select i1 %.1352, i64 %lsr.iv35, i64 %at.2.1699
  %lsr.iv.next46 = add i64 %lsr.iv45, -1
  %lsr.iv.next = add i64 %lsr.iv, 1
  %lsr.iv.next36 = add i64 %lsr.iv35, 1
  %.1034 = icmp samesign ugt i64 %lsr.iv.next46, 1
  br i1 %.1034, label %B390, label %B586

B586.loopexit18.unr-lcssa.unr-lcssa:              ; preds = %B390.us.us
  %6 = and i64 %95, 1
  %lcmp.mod21.not = icmp eq i64 %6, 0
  br i1 %lcmp.mod21.not, label %B586.loopexit18.unr-lcssa, label %B390.us.us.epil.preheader13

B390.us.us.epil.preheader13:                      ; preds = %B390.lr.ph.split.us.split.us.new, %B586.loopexit18.unr-lcssa.unr-lcssa
  %at.2.1699.us.us.epil.init18 = phi i64 [ 0, %B390.lr.ph.split.us.split.us.new ], [ %at.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %worst.2.1698.us.us.epil.init19 = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us.new ], [ %worst.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %.1040694696.us.us.epil.init20 = phi i64 [ %.953, %B390.lr.ph.split.us.split.us.new ], [ %.1047.us.us.1.1, %B586.loopexit18.unr-lcssa.unr-lcssa ]
  %.1352.us.us.epil15 = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us.epil.init19
  %worst.3.2.us.us.epil16 = select i1 %.1352.us.us.epil15, double %.1296.us.us, double %worst.2.1698.us.us.epil.init19
  %at.3.2.us.us.epil17 = select i1 %.1352.us.us.epil15, i64 %.1040694696.us.us.epil.init20, i64 %at.2.1699.us.us.epil.init18
  br label %B586.loopexit18.unr-lcssa

B586.loopexit18.unr-lcssa:                        ; preds = %B390.us.us.epil.preheader13, %B586.loopexit18.unr-lcssa.unr-lcssa
  %worst.3.2.us.us.lcssa = phi double [ %worst.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ], [ %worst.3.2.us.us.epil16, %B390.us.us.epil.preheader13 ]
  %at.3.2.us.us.lcssa = phi i64 [ %at.3.2.us.us, %B586.loopexit18.unr-lcssa.unr-lcssa ], [ %at.3.2.us.us.epil17, %B390.us.us.epil.preheader13 ]
  %7 = add i64 %.953, %unroll_iter28
  %8 = and i64 %..991, 1
  %lcmp.mod24.not = icmp eq i64 %8, 0
  br i1 %lcmp.mod24.not, label %B586, label %B390.us.us.epil.preheader

B390.us.us.epil.preheader:                        ; preds = %B390.lr.ph.split.us.split.us, %B586.loopexit18.unr-lcssa
  %at.2.1699.us.us.epil.init = phi i64 [ 0, %B390.lr.ph.split.us.split.us ], [ %at.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ]
  %worst.2.1698.us.us.epil.init = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us ], [ %worst.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ]
  %.1040694696.us.us.epil.init = phi i64 [ %.953, %B390.lr.ph.split.us.split.us ], [ %7, %B586.loopexit18.unr-lcssa ]
  %.1352.us.us.epil = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us.epil.init
  %worst.3.2.us.us.epil = select i1 %.1352.us.us.epil, double %.1296.us.us, double %worst.2.1698.us.us.epil.init
  %at.3.2.us.us.epil = select i1 %.1352.us.us.epil, i64 %.1040694696.us.us.epil.init, i64 %at.2.1699.us.us.epil.init
  br label %B586

B586.loopexit19.unr-lcssa.unr-lcssa:              ; preds = %B562.us
  %9 = and i64 %90, 1
  %lcmp.mod.not27 = icmp eq i64 %9, 0
  br i1 %lcmp.mod.not27, label %B586.loopexit19.unr-lcssa, label %B562.us.epil.preheader2

B562.us.epil.preheader2:                          ; preds = %B562.us.preheader.new, %B586.loopexit19.unr-lcssa.unr-lcssa
  %at.2.1699.us.epil.init6 = phi i64 [ 0, %B562.us.preheader.new ], [ %at.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %worst.2.1698.us.epil.init7 = phi double [ -1.000000e+00, %B562.us.preheader.new ], [ %worst.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %.1040694696.us.epil.init8 = phi i64 [ %.953, %B562.us.preheader.new ], [ %.1047.us.1.1, %B586.loopexit19.unr-lcssa.unr-lcssa ]
  %.1352.us.epil3 = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us.epil.init7
  %worst.3.2.us.epil4 = select i1 %.1352.us.epil3, double %.6.i9, double %worst.2.1698.us.epil.init7
  %at.3.2.us.epil5 = select i1 %.1352.us.epil3, i64 %.1040694696.us.epil.init8, i64 %at.2.1699.us.epil.init6
  br label %B586.loopexit19.unr-lcssa

B586.loopexit19.unr-lcssa:                        ; preds = %B562.us.epil.preheader2, %B586.loopexit19.unr-lcssa.unr-lcssa
  %worst.3.2.us.lcssa = phi double [ %worst.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ], [ %worst.3.2.us.epil4, %B562.us.epil.preheader2 ]
  %at.3.2.us.lcssa = phi i64 [ %at.3.2.us, %B586.loopexit19.unr-lcssa.unr-lcssa ], [ %at.3.2.us.epil5, %B562.us.epil.preheader2 ]
  %10 = add i64 %.953, %unroll_iter
  %11 = and i64 %..991, 1
  %lcmp.mod.not = icmp eq i64 %11, 0
  br i1 %lcmp.mod.not, label %B586, label %B562.us.epil.preheader

B562.us.epil.preheader:                           ; preds = %B562.us.preheader, %B586.loopexit19.unr-lcssa
  %at.2.1699.us.epil.init = phi i64 [ 0, %B562.us.preheader ], [ %at.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ]
  %worst.2.1698.us.epil.init = phi double [ -1.000000e+00, %B562.us.preheader ], [ %worst.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ]
  %.1040694696.us.epil.init = phi i64 [ %.953, %B562.us.preheader ], [ %10, %B586.loopexit19.unr-lcssa ]
  %.1352.us.epil = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us.epil.init
  %worst.3.2.us.epil = select i1 %.1352.us.epil, double %.6.i9, double %worst.2.1698.us.epil.init
  %at.3.2.us.epil = select i1 %.1352.us.epil, i64 %.1040694696.us.epil.init, i64 %at.2.1699.us.epil.init
  br label %B586

B586:                                             ; preds = %B562.us.epil.preheader, %B586.loopexit19.unr-lcssa, %B390.us.us.epil.preheader, %B586.loopexit18.unr-lcssa, %B562
  %worst.2.1.lcssa = phi double [ %worst.3.2.us.epil, %B562.us.epil.preheader ], [ %worst.3.2.us.us.epil, %B390.us.us.epil.preheader ], [ %worst.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ], [ %worst.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ], [ %worst.3.2, %B562 ]
  %at.2.1.lcssa = phi i64 [ %at.3.2.us.epil, %B562.us.epil.preheader ], [ %at.3.2.us.us.epil, %B390.us.us.epil.preheader ], [ %at.3.2.us.us.lcssa, %B586.loopexit18.unr-lcssa ], [ %at.3.2.us.lcssa, %B586.loopexit19.unr-lcssa ], [ %at.3.2, %B562 ]
  %.1401 = fcmp nsz contract ogt double %worst.2.1.lcssa, 8.000000e-01
  br i1 %.1401, label %B608, label %B706

B608:                                             ; preds = %B586
  %12 = icmp ne i64 %arg.points.5.0, 0
  %13 = icmp ne i64 %arg.points.5.0, -1
  %const_mat41 = add i64 %const, 2
  %.1420 = icmp ne i64 %at.2.1.lcssa, %const_mat41
  %.1422.not = or i1 %13, %.1420
  %or.cond730 = select i1 %12, i1 %.1422.not, i1 false
  br i1 %or.cond730, label %B608.else.if, label %B608.endif.thread

B706:                                             ; preds = %B608.endif.thread, %B132.endif.endif.endif.endif.endif.endif, %B586
  %waiting.4.1 = phi i64 [ %.1710, %B608.endif.thread ], [ %.391, %B586 ], [ %.391, %B132.endif.endif.endif.endif.endif.endif ]
  %.1728 = icmp sgt i64 %waiting.4.1, 0
  br i1 %.1728, label %B132, label %B720.endif

B756:                                             ; preds = %B756.preheader.new, %B802.1
  %count.2.0725 = phi i64 [ 0, %B756.preheader.new ], [ %count.3.1.1, %B802.1 ]
  %.1844721723 = phi i64 [ 0, %B756.preheader.new ], [ %.1851.1, %B802.1 ]
  %14 = add i64 %.1844721723, 1
  %sunkaddr44 = mul i64 %.1844721723, 8
  %sunkaddr45 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr44
  %.1913 = load i64, ptr %sunkaddr45, align 8
  %.1914 = icmp sgt i64 %.1913, 0
  br i1 %.1914, label %B782, label %B802

B782:                                             ; preds = %B756
  %.1931 = icmp slt i64 %count.2.0725, 0
  %.1932 = select i1 %.1931, i64 %arg.begins.5.0, i64 0
  %15 = getelementptr i64, ptr %arg.begins.4, i64 %count.2.0725
  %.1946 = getelementptr i64, ptr %15, i64 %.1932
  store i64 %.1844721723, ptr %.1946, align 8
  %.1951 = add nsw i64 %count.2.0725, 1
  br label %B802

B802:                                             ; preds = %B782, %B756
  %count.3.1 = phi i64 [ %.1951, %B782 ], [ %count.2.0725, %B756 ]
  %.1851.1 = add nuw i64 %.1844721723, 2
  %sunkaddr = mul i64 %.1844721723, 8
  %sunkaddr46 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr
  %sunkaddr47 = getelementptr i8, ptr %sunkaddr46, i64 8
  %.1913.1 = load i64, ptr %sunkaddr47, align 8
  %.1914.1 = icmp sgt i64 %.1913.1, 0
  br i1 %.1914.1, label %B782.1, label %B802.1

B782.1:                                           ; preds = %B802
  %.1931.1 = icmp slt i64 %count.3.1, 0
  %.1932.1 = select i1 %.1931.1, i64 %arg.begins.5.0, i64 0
  %16 = getelementptr i64, ptr %arg.begins.4, i64 %count.3.1
  %.1946.1 = getelementptr i64, ptr %16, i64 %.1932.1
  store i64 %14, ptr %.1946.1, align 8
  %.1951.1 = add nsw i64 %count.3.1, 1
  br label %B802.1

B802.1:                                           ; preds = %B782.1, %B802
  %count.3.1.1 = phi i64 [ %.1951.1, %B782.1 ], [ %count.3.1, %B802 ]
  %niter35.ncmp.1 = icmp eq i64 %unroll_iter34, %.1851.1
  br i1 %niter35.ncmp.1, label %common.ret.loopexit.unr-lcssa, label %B756

common.ret.loopexit.unr-lcssa:                    ; preds = %B802.1
  %17 = and i64 %arg.points.5.0, 1
  %lcmp.mod31.not = icmp eq i64 %17, 0
  br i1 %lcmp.mod31.not, label %common.ret, label %B756.epil.preheader

B756.epil.preheader:                              ; preds = %B756.preheader, %common.ret.loopexit.unr-lcssa
  %count.2.0725.epil.init = phi i64 [ 0, %B756.preheader ], [ %count.3.1.1, %common.ret.loopexit.unr-lcssa ]
  %.1844721723.epil.init = phi i64 [ 0, %B756.preheader ], [ %unroll_iter34, %common.ret.loopexit.unr-lcssa ]
  %18 = getelementptr i64, ptr %arg.begins.4, i64 %.1844721723.epil.init
  %.1913.epil = load i64, ptr %18, align 8
  %.1914.epil = icmp sgt i64 %.1913.epil, 0
  br i1 %.1914.epil, label %B782.epil, label %common.ret

B782.epil:                                        ; preds = %B756.epil.preheader
  %.1931.epil = icmp slt i64 %count.2.0725.epil.init, 0
  %.1932.epil = select i1 %.1931.epil, i64 %arg.begins.5.0, i64 0
  %19 = getelementptr i64, ptr %arg.begins.4, i64 %count.2.0725.epil.init
  %.1946.epil = getelementptr i64, ptr %19, i64 %.1932.epil
  store i64 %.1844721723.epil.init, ptr %.1946.epil, align 8
  %.1951.epil = add nsw i64 %count.2.0725.epil.init, 1
  br label %common.ret

common.ret:                                       ; preds = %B720.endif, %B782.epil, %B756.epil.preheader, %common.ret.loopexit.unr-lcssa
  %count.2.0.lcssa = phi i64 [ 0, %B720.endif ], [ %count.3.1.1, %common.ret.loopexit.unr-lcssa ], [ %.1951.epil, %B782.epil ], [ %count.2.0725.epil.init, %B756.epil.preheader ]
  store i64 %count.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B132.endif:                                       ; preds = %B132
  %20 = or i64 %.451, %arg.points.5.0
  %21 = icmp ult i64 %20, 4294967296
  br i1 %21, label %22, label %26

22:                                               ; preds = %B132.endif
  %23 = trunc nuw i64 %.451 to i32
  %24 = urem i32 %23, %2
  %25 = zext i32 %24 to i64
  br label %37

26:                                               ; preds = %B132.endif
  %27 = or i64 %.451, %arg.points.5.0
  %28 = and i64 %27, -4294967296
  %29 = icmp eq i64 %28, 0
  br i1 %29, label %30, label %35

30:                                               ; preds = %26
  %31 = trunc i64 %arg.points.5.0 to i32
  %32 = trunc i64 %.451 to i32
  %33 = urem i32 %32, %31
  %34 = zext i32 %33 to i64
  br label %37

35:                                               ; preds = %26
  %36 = srem i64 %.451, %arg.points.5.0
  br label %37

37:                                               ; preds = %35, %30, %22
  %38 = phi i64 [ %25, %22 ], [ %34, %30 ], [ %36, %35 ]
  %.535 = xor i64 %38, %arg.points.5.0
  %.536 = icmp slt i64 %.535, 0
  %.537 = icmp ne i64 %38, 0
  %.538 = and i1 %.537, %.536
  %.545 = select i1 %.538, i64 %arg.points.5.0, i64 0
  %spec.select667 = add i64 %.545, %38
  %39 = freeze i64 %spec.select667
  %.581 = icmp slt i64 %39, 0
  %spec.select778 = select i1 %.581, i64 %arg.points.5.0, i64 0
  %spec.select758 = add i64 %spec.select778, %39
  %.603759 = mul i64 %spec.select758, %arg.points.5.1
  %.607760 = getelementptr double, ptr %arg.points.4, i64 %.603759
  %.608761 = load double, ptr %.607760, align 8
  br label %B132.endif.else

40:                                               ; preds = %B132
  %41 = icmp eq i64 %arg.points.5.0, 0
  %.608 = load double, ptr %arg.points.4, align 8
  br i1 %41, label %.thread607, label %B132.endif.else

.thread607:                                       ; preds = %40
  %sunkaddr48 = getelementptr i8, ptr %arg.points.4, i64 8
  %.704583 = load double, ptr %sunkaddr48, align 8
  br label %B132.endif.endif.endif.endif.endif.endif

B132.endif.else:                                  ; preds = %40, %37
  %.608763 = phi double [ %.608761, %37 ], [ %.608, %40 ]
  br i1 %.530.not, label %B132.endif.else.if, label %B132.endif.endif.else

B132.endif.else.if:                               ; preds = %B132.endif.else
  %42 = or i64 %.451, %arg.points.5.0
  %43 = icmp ult i64 %42, 4294967296
  br i1 %43, label %44, label %48

44:                                               ; preds = %B132.endif.else.if
  %45 = trunc nuw i64 %.451 to i32
  %46 = urem i32 %45, %2
  %47 = zext i32 %46 to i64
  br label %59

48:                                               ; preds = %B132.endif.else.if
  %49 = or i64 %.451, %arg.points.5.0
  %50 = and i64 %49, -4294967296
  %51 = icmp eq i64 %50, 0
  br i1 %51, label %52, label %57

52:                                               ; preds = %48
  %53 = trunc i64 %arg.points.5.0 to i32
  %54 = trunc i64 %.451 to i32
  %55 = urem i32 %54, %53
  %56 = zext i32 %55 to i64
  br label %59

57:                                               ; preds = %48
  %58 = srem i64 %.451, %arg.points.5.0
  br label %59

59:                                               ; preds = %57, %52, %44
  %60 = phi i64 [ %47, %44 ], [ %56, %52 ], [ %58, %57 ]
  %.631 = xor i64 %60, %arg.points.5.0
  %.632 = icmp slt i64 %.631, 0
  %.633 = icmp ne i64 %60, 0
  %.634 = and i1 %.633, %.632
  %.641 = select i1 %.634, i64 %arg.points.5.0, i64 0
  %spec.select669 = add i64 %.641, %60
  %spec.select669.fr = freeze i64 %spec.select669
  %.677 = icmp slt i64 %spec.select669.fr, 0
  %.678 = select i1 %.677, i64 %arg.points.5.0, i64 0
  %spec.select668 = add i64 %.678, %spec.select669.fr
  %.699571 = mul i64 %spec.select668, %arg.points.5.1
  %61 = getelementptr double, ptr %arg.points.4, i64 %.699571
  br label %B132.endif.endif.else

B132.endif.endif.else:                            ; preds = %59, %B132.endif.else
  %.pn = phi ptr [ %61, %59 ], [ %arg.points.4, %B132.endif.else ]
  %62 = icmp ne i64 %arg.points.5.0, -1
  %.704575.in = getelementptr i8, ptr %.pn, i64 8
  %.704575 = load double, ptr %.704575.in, align 8
  %const_mat42 = add i64 %const, 2
  %.726 = icmp ne i64 %.506, %const_mat42
  %.728.not = or i1 %62, %.726
  br i1 %.728.not, label %B132.endif.endif.endif.else.if, label %B132.endif.endif.endif.endif.endif.endif

B132.endif.endif.endif.else.if:                   ; preds = %B132.endif.endif.else
  %63 = or i64 %.506, %arg.points.5.0
  %64 = icmp ult i64 %63, 4294967296
  br i1 %64, label %65, label %69

65:                                               ; preds = %B132.endif.endif.endif.else.if
  %66 = trunc nuw i64 %.506 to i32
  %67 = urem i32 %66, %2
  %68 = zext i32 %67 to i64
  br label %80

69:                                               ; preds = %B132.endif.endif.endif.else.if
  %70 = or i64 %.506, %arg.points.5.0
  %71 = and i64 %70, -4294967296
  %72 = icmp eq i64 %71, 0
  br i1 %72, label %73, label %78

73:                                               ; preds = %69
  %74 = trunc i64 %arg.points.5.0 to i32
  %75 = trunc i64 %.506 to i32
  %76 = urem i32 %75, %74
  %77 = zext i32 %76 to i64
  br label %80

78:                                               ; preds = %69
  %79 = srem i64 %.506, %arg.points.5.0
  br label %80

80:                                               ; preds = %78, %73, %65
  %81 = phi i64 [ %68, %65 ], [ %77, %73 ], [ %79, %78 ]
  %.733 = xor i64 %81, %arg.points.5.0
  %.734 = icmp slt i64 %.733, 0
  %.735 = icmp ne i64 %81, 0
  %.736 = and i1 %.735, %.734
  %.743 = select i1 %.736, i64 %arg.points.5.0, i64 0
  %spec.select671 = add i64 %.743, %81
  %spec.select671.fr = freeze i64 %spec.select671
  %.779 = icmp slt i64 %spec.select671.fr, 0
  %.780 = select i1 %.779, i64 %arg.points.5.0, i64 0
  %spec.select670 = add i64 %.780, %spec.select671.fr
  %.801599 = mul i64 %spec.select670, %arg.points.5.1
  %.805600 = getelementptr double, ptr %arg.points.4, i64 %.801599
  %82 = add i64 %.801599, 1
  br label %B132.endif.endif.endif.endif.endif.endif

B132.endif.endif.endif.endif.endif.endif:         ; preds = %80, %B132.endif.endif.else, %.thread607
  %.608762 = phi double [ %.608, %.thread607 ], [ %.608763, %80 ], [ %.608763, %B132.endif.endif.else ]
  %.704576594604626 = phi double [ %.704583, %.thread607 ], [ %.704575, %80 ], [ %.704575, %B132.endif.endif.else ]
  %.806612.pn.in = phi ptr [ %.805611, %.thread607 ], [ %.805600, %80 ], [ %arg.points.4, %B132.endif.endif.else ]
  %.899 = phi i64 [ 1, %.thread607 ], [ %82, %80 ], [ 1, %B132.endif.endif.else ]
  %.806612.pn = load double, ptr %.806612.pn.in, align 8
  %.808606625 = fsub nsz contract double %.806612.pn, %.608762
  %.903 = getelementptr double, ptr %arg.points.4, i64 %.899
  %.904 = load double, ptr %.903, align 8
  %.906 = fsub nsz contract double %.904, %.704576594604626
  %.6.i8 = tail call nsz contract double @hypot(double %.808606625, double %.906)
  %.953 = add i64 %.451, 1
  %.991 = sub i64 %.506, %.953
  %..991 = tail call i64 @llvm.smax.i64(i64 %.991, i64 0)
  %.1034695.not = icmp slt i64 %.991, 1
  br i1 %.1034695.not, label %B706, label %B390.lr.ph

B390.lr.ph:                                       ; preds = %B132.endif.endif.endif.endif.endif.endif
  %83 = icmp eq i64 %arg.points.5.0, 0
  br i1 %83, label %B390.lr.ph.split.us, label %B390.preheader

B390.preheader:                                   ; preds = %B390.lr.ph
  %84 = add nuw i64 %..991, 1
  %const_mat43 = add i64 %const, 3
  %85 = add i64 %.451, %const_mat43
  br label %B390

B390.lr.ph.split.us:                              ; preds = %B390.lr.ph
  %86 = fcmp ogt double %.6.i8, 1.000000e-09
  br i1 %86, label %B390.lr.ph.split.us.split.us, label %B562.us.preheader

B562.us.preheader:                                ; preds = %B390.lr.ph.split.us
  %sunkaddr49 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1268.us = load double, ptr %sunkaddr49, align 8
  %.1270.us = fsub nsz contract double %.1268.us, %.704576594604626
  %.1170649.us.pre = load double, ptr %.805611, align 8
  %.1172644661.us = fsub nsz contract double %.1170649.us.pre, %.608762
  %.6.i9 = tail call nsz contract double @hypot(double %.1172644661.us, double %.1270.us)
  %87 = icmp eq i64 %.991, 1
  br i1 %87, label %B562.us.epil.preheader, label %B562.us.preheader.new

B562.us.preheader.new:                            ; preds = %B562.us.preheader
  %unroll_iter = and i64 %..991, %const
  %88 = add nsw i64 %..991, -2
  %89 = lshr i64 %88, 1
  %90 = add nuw i64 %89, 1
  %91 = icmp eq i64 %89, 0
  br i1 %91, label %B562.us.epil.preheader2, label %B562.us.preheader.new.new

B562.us.preheader.new.new:                        ; preds = %B562.us.preheader.new
  %unroll_iter12 = and i64 %90, -2
  br label %B562.us

B390.lr.ph.split.us.split.us:                     ; preds = %B390.lr.ph.split.us
  %.1170649.us.us = load double, ptr %.805611, align 8
  %.1172644661.us.us = fsub nsz contract double %.1170649.us.us, %.608762
  %sunkaddr50 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1268.us.us = load double, ptr %sunkaddr50, align 8
  %.1270.us.us = fsub nsz contract double %.1268.us.us, %.704576594604626
  %.1282.us.us = fmul nsz contract double %.808606625, %.1270.us.us
  %.1287.us.us = fmul nsz contract double %.906, %.1172644661.us.us
  %.1290.us.us = fsub nsz contract double %.1282.us.us, %.1287.us.us
  %.1291.us.us = tail call nsz contract double @llvm.fabs.f64(double %.1290.us.us)
  %.1296.us.us = fdiv nsz contract double %.1291.us.us, %.6.i8
  %92 = icmp eq i64 %.991, 1
  br i1 %92, label %B390.us.us.epil.preheader, label %B390.lr.ph.split.us.split.us.new

B390.lr.ph.split.us.split.us.new:                 ; preds = %B390.lr.ph.split.us.split.us
  %unroll_iter28 = and i64 %..991, %const
  %93 = add nsw i64 %..991, -2
  %94 = lshr i64 %93, 1
  %95 = add nuw i64 %94, 1
  %96 = icmp eq i64 %94, 0
  br i1 %96, label %B390.us.us.epil.preheader13, label %B390.lr.ph.split.us.split.us.new.new

B390.lr.ph.split.us.split.us.new.new:             ; preds = %B390.lr.ph.split.us.split.us.new
  %unroll_iter25 = and i64 %95, -2
  br label %B390.us.us

B390.us.us:                                       ; preds = %B390.us.us, %B390.lr.ph.split.us.split.us.new.new
  %lsr.iv39 = phi i64 [ %lsr.iv.next40, %B390.us.us ], [ %unroll_iter25, %B390.lr.ph.split.us.split.us.new.new ]
  %at.2.1699.us.us = phi i64 [ 0, %B390.lr.ph.split.us.split.us.new.new ], [ %at.3.2.us.us, %B390.us.us ]
  %worst.2.1698.us.us = phi double [ -1.000000e+00, %B390.lr.ph.split.us.split.us.new.new ], [ %worst.3.2.us.us, %B390.us.us ]
  %.1040694696.us.us = phi i64 [ %.953, %B390.lr.ph.split.us.split.us.new.new ], [ %.1047.us.us.1.1, %B390.us.us ]
  %.1352.us.us = fcmp nsz contract ogt double %.1296.us.us, %worst.2.1698.us.us
  %worst.3.2.us.us = select i1 %.1352.us.us, double %.1296.us.us, double %worst.2.1698.us.us
  %at.3.2.us.us = select i1 %.1352.us.us, i64 %.1040694696.us.us, i64 %at.2.1699.us.us
  %.1047.us.us.1.1 = add i64 %.1040694696.us.us, 4
  %lsr.iv.next40 = add i64 %lsr.iv39, -2
  %niter26.ncmp.1 = icmp eq i64 %lsr.iv.next40, 0
  br i1 %niter26.ncmp.1, label %B586.loopexit18.unr-lcssa.unr-lcssa, label %B390.us.us

B562.us:                                          ; preds = %B562.us, %B562.us.preheader.new.new
  %lsr.iv37 = phi i64 [ %lsr.iv.next38, %B562.us ], [ %unroll_iter12, %B562.us.preheader.new.new ]
  %at.2.1699.us = phi i64 [ 0, %B562.us.preheader.new.new ], [ %at.3.2.us, %B562.us ]
  %worst.2.1698.us = phi double [ -1.000000e+00, %B562.us.preheader.new.new ], [ %worst.3.2.us, %B562.us ]
  %.1040694696.us = phi i64 [ %.953, %B562.us.preheader.new.new ], [ %.1047.us.1.1, %B562.us ]
  %.1352.us = fcmp nsz contract ogt double %.6.i9, %worst.2.1698.us
  %worst.3.2.us = select i1 %.1352.us, double %.6.i9, double %worst.2.1698.us
  %at.3.2.us = select i1 %.1352.us, i64 %.1040694696.us, i64 %at.2.1699.us
  %.1047.us.1.1 = add i64 %.1040694696.us, 4
  %lsr.iv.next38 = add i64 %lsr.iv37, -2
  %niter.ncmp.1 = icmp eq i64 %lsr.iv.next38, 0
  br i1 %niter.ncmp.1, label %B586.loopexit19.unr-lcssa.unr-lcssa, label %B562.us

B390.endif.endif.thread:                          ; preds = %114, %B390
  %.1170641.pn769.in = phi ptr [ %.1169640, %114 ], [ %arg.points.4, %B390 ]
  %.1263 = phi i64 [ %116, %114 ], [ 1, %B390 ]
  %97 = fcmp ogt double %.6.i8, 1.000000e-09
  %.1170641.pn769 = load double, ptr %.1170641.pn769.in, align 8
  %.1172644661 = fsub nsz contract double %.1170641.pn769, %.608762
  %.1267 = getelementptr double, ptr %arg.points.4, i64 %.1263
  %.1268 = load double, ptr %.1267, align 8
  %.1270 = fsub nsz contract double %.1268, %.704576594604626
  br i1 %97, label %B468, label %B522

B390.endif.else.if:                               ; preds = %B390
  %98 = or i64 %lsr.iv35, %arg.points.5.0
  %99 = icmp ult i64 %98, 4294967296
  br i1 %99, label %100, label %103

100:                                              ; preds = %B390.endif.else.if
  %tmp = trunc i64 %lsr.iv35 to i32
  %101 = urem i32 %tmp, %2
  %102 = zext i32 %101 to i64
  br label %114

103:                                              ; preds = %B390.endif.else.if
  %104 = or i64 %lsr.iv35, %arg.points.5.0
  %105 = and i64 %104, -4294967296
  %106 = icmp eq i64 %105, 0
  br i1 %106, label %107, label %112

107:                                              ; preds = %103
  %108 = trunc i64 %arg.points.5.0 to i32
  %109 = trunc i64 %lsr.iv35 to i32
  %110 = urem i32 %109, %108
  %111 = zext i32 %110 to i64
  br label %114

112:                                              ; preds = %103
  %113 = srem i64 %lsr.iv35, %arg.points.5.0
  br label %114

114:                                              ; preds = %112, %107, %100
  %115 = phi i64 [ %102, %100 ], [ %111, %107 ], [ %113, %112 ]
  %.1097 = xor i64 %115, %arg.points.5.0
  %.1098 = icmp slt i64 %.1097, 0
  %.1099 = icmp ne i64 %115, 0
  %.1100 = and i1 %.1099, %.1098
  %.1107 = select i1 %.1100, i64 %arg.points.5.0, i64 0
  %spec.select675 = add i64 %.1107, %115
  %spec.select675.fr = freeze i64 %spec.select675
  %.1143 = icmp slt i64 %spec.select675.fr, 0
  %.1144 = select i1 %.1143, i64 %arg.points.5.0, i64 0
  %spec.select674 = add i64 %.1144, %spec.select675.fr
  %.1165639 = mul i64 %spec.select674, %arg.points.5.1
  %.1169640 = getelementptr double, ptr %arg.points.4, i64 %.1165639
  %116 = add i64 %.1165639, 1
  br label %B390.endif.endif.thread

B608.endif.thread:                                ; preds = %135, %B608
  %117 = phi i64 [ 0, %B608 ], [ %spec.select678, %135 ]
  %.1475 = getelementptr i64, ptr %arg.begins.4, i64 %117
  store i64 1, ptr %.1475, align 8
  %sunkaddr59 = shl i64 %waiting.3.0, 3
  %sunkaddr60 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr59
  %sunkaddr61 = getelementptr i8, ptr %sunkaddr60, i64 -8
  store i64 %.451, ptr %sunkaddr61, align 8
  %sunkaddr63 = getelementptr i8, ptr %.381, i64 %sunkaddr59
  %sunkaddr64 = getelementptr i8, ptr %sunkaddr63, i64 -8
  store i64 %at.2.1.lcssa, ptr %sunkaddr64, align 8
  %.1646 = getelementptr i64, ptr %arg.room.4, i64 %waiting.3.0
  store i64 %at.2.1.lcssa, ptr %.1646, align 8
  %.1705 = getelementptr i64, ptr %.381, i64 %waiting.3.0
  store i64 %.506, ptr %.1705, align 8
  %.1710 = add nuw nsw i64 %waiting.3.0, 1
  br label %B706

B608.else.if:                                     ; preds = %B608
  %118 = or i64 %at.2.1.lcssa, %arg.points.5.0
  %119 = icmp ult i64 %118, 4294967296
  br i1 %119, label %120, label %124

120:                                              ; preds = %B608.else.if
  %121 = trunc nuw i64 %at.2.1.lcssa to i32
  %122 = urem i32 %121, %2
  %123 = zext i32 %122 to i64
  br label %135

124:                                              ; preds = %B608.else.if
  %125 = or i64 %at.2.1.lcssa, %arg.points.5.0
  %126 = and i64 %125, -4294967296
  %127 = icmp eq i64 %126, 0
  br i1 %127, label %128, label %133

128:                                              ; preds = %124
  %129 = trunc i64 %arg.points.5.0 to i32
  %130 = trunc i64 %at.2.1.lcssa to i32
  %131 = urem i32 %130, %129
  %132 = zext i32 %131 to i64
  br label %135

133:                                              ; preds = %124
  %134 = srem i64 %at.2.1.lcssa, %arg.points.5.0
  br label %135

135:                                              ; preds = %133, %128, %120
  %136 = phi i64 [ %123, %120 ], [ %132, %128 ], [ %134, %133 ]
  %.1427 = xor i64 %136, %arg.points.5.0
  %.1428 = icmp slt i64 %.1427, 0
  %.1429 = icmp ne i64 %136, 0
  %.1430 = and i1 %.1429, %.1428
  %.1437 = select i1 %.1430, i64 %arg.points.5.0, i64 0
  %spec.select679 = add i64 %.1437, %136
  %spec.select679.fr = freeze i64 %spec.select679
  %.1460 = icmp slt i64 %spec.select679.fr, 0
  %.1461 = select i1 %.1460, i64 %arg.begins.5.0, i64 0
  %spec.select678 = add i64 %.1461, %spec.select679.fr
  br label %B608.endif.thread

B720.endif:                                       ; preds = %B706
  %.1838722.not = icmp slt i64 %arg.points.5.0, 1
  br i1 %.1838722.not, label %common.ret, label %B756.preheader

B756.preheader:                                   ; preds = %B720.endif
  %137 = icmp eq i64 %arg.points.5.0, 1
  br i1 %137, label %B756.epil.preheader, label %B756.preheader.new

B756.preheader.new:                               ; preds = %B756.preheader
  %unroll_iter34 = and i64 %arg.points.5.0, %const
  br label %B756
}

define internal i32 @part3(ptr noalias writeonly %retptr, ptr noalias writeonly %excinfo, ptr %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, ptr %arg.begins.0, ptr readnone %arg.begins.1, i64 %arg.begins.2, i64 %arg.begins.3, ptr %arg.begins.4, i64 %arg.begins.5.0, i64 %arg.begins.6.0, i64 %arg.count, ptr %arg.room.0, ptr readnone %arg.room.1, i64 %arg.room.2, i64 %arg.room.3, ptr %arg.room.4, i64 %arg.room.5.0, i64 %arg.room.5.1, i64 %arg.room.6.0, i64 %arg.room.6.1) local_unnamed_addr {
B0.endif:
  %.756 = alloca [4 x double], align 8
  %excinfo.1 = alloca ptr, align 8
  %.815 = alloca [4 x double], align 8
  %excinfo.2 = alloca ptr, align 8
  %.117 = icmp sgt i64 %arg.count, 0
  br i1 %.117, label %B62.preheader, label %B800

B62.preheader:                                    ; preds = %B0.endif
  %const = bitcast i64 -9223372036854775808 to i64
  %arg.room.481 = ptrtoint ptr %arg.room.4 to i64
  %arg.begins.482 = ptrtoint ptr %arg.begins.4 to i64
  %min.iters.check = icmp samesign ult i64 %arg.count, 6
  %0 = sub i64 %arg.room.481, %arg.begins.482
  %diff.check = icmp ult i64 %0, 32
  %or.cond = select i1 %min.iters.check, i1 true, i1 %diff.check
  br i1 %or.cond, label %B62.preheader85, label %vector.ph

vector.ph:                                        ; preds = %B62.preheader
  %const_mat = add i64 %const, -4
  %n.vec = and i64 %arg.count, %const_mat
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %sunkaddr32 = mul i64 %index, 8
  %sunkaddr33 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr32
  %wide.load = load <2 x i64>, ptr %sunkaddr33, align 8
  %sunkaddr34 = mul i64 %index, 8
  %sunkaddr35 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr34
  %sunkaddr36 = getelementptr i8, ptr %sunkaddr35, i64 16
  %wide.load83 = load <2 x i64>, ptr %sunkaddr36, align 8
  %sunkaddr37 = mul i64 %index, 8
  %sunkaddr38 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr37
  store <2 x i64> %wide.load, ptr %sunkaddr38, align 8
  %sunkaddr = mul i64 %index, 8
  %sunkaddr39 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr
  %sunkaddr40 = getelementptr i8, ptr %sunkaddr39, i64 16
  store <2 x i64> %wide.load83, ptr %sunkaddr40, align 8
  %index.next = add nuw nsw i64 %index, 4
  %1 = icmp eq i64 %n.vec, %index.next
  br i1 %1, label %middle.block, label %vector.body

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %arg.count, %n.vec
  br i1 %cmp.n, label %B126.lr.ph, label %B62.preheader85

B62.preheader85:                                  ; preds = %middle.block, %B62.preheader
  %.167541543.ph = phi i64 [ 0, %B62.preheader ], [ %n.vec, %middle.block ]
  %xtraiter = and i64 %arg.count, 3
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B62.prol.loopexit, label %B62.prol.preheader

B62.prol.preheader:                               ; preds = %B62.preheader85
  br label %B62.prol

B62.prol:                                         ; preds = %B62.prol, %B62.prol.preheader
  %lsr.iv111 = phi i64 [ %lsr.iv.next112, %B62.prol ], [ %xtraiter, %B62.prol.preheader ]
  %.167541543.prol = phi i64 [ %.174.prol, %B62.prol ], [ %.167541543.ph, %B62.prol.preheader ]
  %.174.prol = add nuw nsw i64 %.167541543.prol, 1
  %2 = shl i64 %.167541543.prol, 3
  %scevgep110 = getelementptr i8, ptr %arg.begins.4, i64 %2
  %.228.prol = load i64, ptr %scevgep110, align 8
  %scevgep109 = getelementptr i8, ptr %arg.room.4, i64 %2
  store i64 %.228.prol, ptr %scevgep109, align 8
  %lsr.iv.next112 = add nsw i64 %lsr.iv111, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next112, 0
  br i1 %prol.iter.cmp.not, label %B62.prol.loopexit, label %B62.prol

B62.prol.loopexit:                                ; preds = %B62.prol, %B62.preheader85
  %.167541543.unr = phi i64 [ %.167541543.ph, %B62.preheader85 ], [ %.174.prol, %B62.prol ]
  %3 = sub nsw i64 %.167541543.ph, %arg.count
  %4 = icmp ugt i64 %3, -4
  br i1 %4, label %B126.lr.ph, label %B62.preheader6

B62.preheader6:                                   ; preds = %B62.prol.loopexit
  br label %B62

B62:                                              ; preds = %B62, %B62.preheader6
  %.167541543 = phi i64 [ %.174.3, %B62 ], [ %.167541543.unr, %B62.preheader6 ]
  %sunkaddr41 = mul i64 %.167541543, 8
  %sunkaddr42 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr41
  %.228 = load i64, ptr %sunkaddr42, align 8
  %sunkaddr43 = mul i64 %.167541543, 8
  %sunkaddr44 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr43
  store i64 %.228, ptr %sunkaddr44, align 8
  %sunkaddr45 = mul i64 %.167541543, 8
  %sunkaddr46 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr45
  %sunkaddr47 = getelementptr i8, ptr %sunkaddr46, i64 8
  %.228.1 = load i64, ptr %sunkaddr47, align 8
  %sunkaddr48 = mul i64 %.167541543, 8
  %sunkaddr49 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr48
  %sunkaddr50 = getelementptr i8, ptr %sunkaddr49, i64 8
  store i64 %.228.1, ptr %sunkaddr50, align 8
  %sunkaddr51 = mul i64 %.167541543, 8
  %sunkaddr52 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr51
  %sunkaddr53 = getelementptr i8, ptr %sunkaddr52, i64 16
  %.228.2 = load i64, ptr %sunkaddr53, align 8
  %sunkaddr54 = mul i64 %.167541543, 8
  %sunkaddr55 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr54
  %sunkaddr56 = getelementptr i8, ptr %sunkaddr55, i64 16
  store i64 %.228.2, ptr %sunkaddr56, align 8
  %.174.3 = add nuw nsw i64 %.167541543, 4
  %sunkaddr57 = mul i64 %.167541543, 8
  %sunkaddr58 = getelementptr i8, ptr %arg.begins.4, i64 %sunkaddr57
  %sunkaddr59 = getelementptr i8, ptr %sunkaddr58, i64 24
  %.228.3 = load i64, ptr %sunkaddr59, align 8
  %sunkaddr60 = mul i64 %.167541543, 8
  %sunkaddr61 = getelementptr i8, ptr %arg.room.4, i64 %sunkaddr60
  %sunkaddr62 = getelementptr i8, ptr %sunkaddr61, i64 24
  store i64 %.228.3, ptr %sunkaddr62, align 8
  %exitcond.not.3 = icmp eq i64 %arg.count, %.174.3
  br i1 %exitcond.not.3, label %B126.lr.ph, label %B62

B780:                                             ; preds = %B734.us599.6, %B734.us.us.us.5.6, %B734.us.us.us.6.5, %B734.us.us.us.6.4, %B734.us.us.us.6.3, %B734.us.us.us.6.2, %B734.us.us.us.6.1, %B734.us.us.us.6, %B126.endif.endif.endif.en...endif.endif.endif
  %where.2.1.lcssa = phi i64 [ 0, %B126.endif.endif.endif.en...endif.endif.endif ], [ %where.3.2.us.us.6, %B734.us.us.us.5.6 ], [ %where.3.2.us.us, %B734.us.us.us.6 ], [ %where.3.2.us.us.1, %B734.us.us.us.6.1 ], [ %where.3.2.us.us.2, %B734.us.us.us.6.2 ], [ %where.3.2.us.us.3, %B734.us.us.us.6.3 ], [ %where.3.2.us.us.4, %B734.us.us.us.6.4 ], [ %where.3.2.us.us.5, %B734.us.us.us.6.5 ], [ %where.3.2.us, %B734.us599.6 ]
  %.1640 = add nsw i64 %where.2.1.lcssa, %.563
  %5 = getelementptr i64, ptr %arg.begins.4, i64 %.375622653
  store i64 %.1640, ptr %5, align 8
  %B126.endif.endif.termcond = icmp eq i64 %.382, %arg.count
  br i1 %B126.endif.endif.termcond, label %B800, label %B126.endif.endif

common.ret:                                       ; preds = %B126.endif.endif.endif.endif.endif, %B126.endif.endif.endif.endif, %B800
  %excinfo.sink = phi ptr [ %retptr, %B800 ], [ %excinfo, %B126.endif.endif.endif.endif ], [ %excinfo, %B126.endif.endif.endif.endif.endif ]
  %common.ret.op = phi i32 [ 0, %B800 ], [ %.764, %B126.endif.endif.endif.endif ], [ %.823, %B126.endif.endif.endif.endif.endif ]
  store ptr null, ptr %excinfo.sink, align 8
  ret i32 %common.ret.op

B800:                                             ; preds = %B780, %B0.endif
  br label %common.ret

B126.lr.ph:                                       ; preds = %B62, %B62.prol.loopexit, %middle.block
  %.411 = add nsw i64 %arg.count, -1
  %6 = trunc nuw i64 %arg.count to i32
  %7 = trunc nuw i64 %arg.points.5.0 to i32
  %.1484.us.4 = shl i64 %arg.points.5.1, 3
  br label %B126.endif.endif

B126.endif.endif:                                 ; preds = %B126.lr.ph, %B780
  %.375622653 = phi i64 [ 0, %B126.lr.ph ], [ %.382, %B780 ]
  %.382 = add nuw nsw i64 %.375622653, 1
  %.413 = add i64 %.411, %.375622653
  %8 = or i64 %.413, %arg.count
  %9 = icmp ult i64 %8, 4294967296
  br i1 %9, label %10, label %14

10:                                               ; preds = %B126.endif.endif
  %11 = trunc nuw i64 %.413 to i32
  %12 = urem i32 %11, %6
  %13 = zext i32 %12 to i64
  br label %25

14:                                               ; preds = %B126.endif.endif
  %15 = or i64 %.413, %arg.count
  %16 = and i64 %15, -4294967296
  %17 = icmp eq i64 %16, 0
  br i1 %17, label %18, label %23

18:                                               ; preds = %14
  %19 = trunc i64 %arg.count to i32
  %20 = trunc i64 %.413 to i32
  %21 = urem i32 %20, %19
  %22 = zext i32 %21 to i64
  br label %25

23:                                               ; preds = %14
  %24 = srem i64 %.413, %arg.count
  br label %25

25:                                               ; preds = %23, %18, %10
  %26 = phi i64 [ %13, %10 ], [ %22, %18 ], [ %24, %23 ]
  %27 = icmp eq i64 %arg.points.5.0, 0
  %.435 = xor i64 %26, %arg.count
  %.436 = icmp slt i64 %.435, 0
  %.445 = select i1 %.436, i64 %arg.count, i64 0
  %spec.select526 = add i64 %.445, %26
  %28 = freeze i64 %spec.select526
  %.484 = icmp slt i64 %28, 0
  %.485 = select i1 %.484, i64 %arg.room.5.1, i64 0
  %29 = getelementptr i64, ptr %arg.room.4, i64 %28
  %.507 = getelementptr i64, ptr %29, i64 %.485
  %.508 = load i64, ptr %.507, align 8
  %30 = getelementptr i64, ptr %arg.room.4, i64 %.375622653
  %.563 = load i64, ptr %30, align 8
  %31 = icmp eq i64 %.382, %arg.count
  %iv.rem = select i1 %31, i64 0, i64 %.382
  %32 = getelementptr i64, ptr %arg.room.4, i64 %iv.rem
  %.660 = load i64, ptr %32, align 8
  %33 = xor i64 %.508, -1
  %.666 = add i64 %.563, %33
  br i1 %27, label %B126.endif.endif.endif.endif, label %B126.endif.endif.else

B126.endif.endif.else:                            ; preds = %25
  %34 = icmp ne i64 %arg.points.5.0, -1
  %.681 = icmp ne i64 %.666, %const
  %.683.not = or i1 %34, %.681
  br i1 %.683.not, label %B126.endif.endif.else.if, label %B126.endif.endif.endif.else

B126.endif.endif.else.if:                         ; preds = %B126.endif.endif.else
  %35 = or i64 %.666, %arg.points.5.0
  %36 = icmp ult i64 %35, 4294967296
  br i1 %36, label %37, label %41

37:                                               ; preds = %B126.endif.endif.else.if
  %38 = trunc nuw i64 %.666 to i32
  %39 = urem i32 %38, %7
  %40 = zext i32 %39 to i64
  br label %52

41:                                               ; preds = %B126.endif.endif.else.if
  %42 = or i64 %.666, %arg.points.5.0
  %43 = and i64 %42, -4294967296
  %44 = icmp eq i64 %43, 0
  br i1 %44, label %45, label %50

45:                                               ; preds = %41
  %46 = trunc i64 %arg.points.5.0 to i32
  %47 = trunc i64 %.666 to i32
  %48 = urem i32 %47, %46
  %49 = zext i32 %48 to i64
  br label %52

50:                                               ; preds = %41
  %51 = srem i64 %.666, %arg.points.5.0
  br label %52

52:                                               ; preds = %50, %45, %37
  %53 = phi i64 [ %40, %37 ], [ %49, %45 ], [ %51, %50 ]
  %.688 = xor i64 %53, %arg.points.5.0
  %.689 = icmp slt i64 %.688, 0
  %.690 = icmp ne i64 %53, 0
  %.691 = and i1 %.690, %.689
  %.698 = select i1 %.691, i64 %arg.points.5.0, i64 0
  %spec.select528 = add i64 %53, 1
  %54 = add i64 %spec.select528, %.698
  br label %B126.endif.endif.endif.else

B126.endif.endif.endif.else:                      ; preds = %52, %B126.endif.endif.else
  %.678.0 = phi i64 [ 1, %B126.endif.endif.else ], [ %54, %52 ]
  %55 = icmp ne i64 %arg.points.5.0, -1
  %56 = xor i64 %.563, -1
  %.711 = add i64 %.660, %56
  %.726 = icmp ne i64 %.711, %const
  %.728.not = or i1 %55, %.726
  br i1 %.728.not, label %B126.endif.endif.endif.else.if, label %B126.endif.endif.endif.endif

B126.endif.endif.endif.endif:                     ; preds = %74, %B126.endif.endif.endif.else, %25
  %.708516 = phi i64 [ %.678.0, %74 ], [ %.678.0, %B126.endif.endif.endif.else ], [ 1, %25 ]
  %rem.3.0 = phi i64 [ %76, %74 ], [ 1, %B126.endif.endif.endif.else ], [ 1, %25 ]
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.756, i8 0, i64 32, i1 false)
  %.764 = call i32 @part1(ptr nonnull %.756, ptr nonnull %excinfo.1, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.508, i64 %.708516)
  %.774.fca.0.load = load double, ptr %.756, align 8
  %sunkaddr63 = getelementptr inbounds i8, ptr %.756, i64 8
  %.774.fca.1.load = load double, ptr %sunkaddr63, align 8
  %sunkaddr64 = getelementptr inbounds i8, ptr %.756, i64 16
  %.774.fca.2.load = load double, ptr %sunkaddr64, align 8
  %sunkaddr65 = getelementptr inbounds i8, ptr %.756, i64 24
  %.774.fca.3.load = load double, ptr %sunkaddr65, align 8
  switch i32 %.764, label %common.ret [
    i32 -2, label %B126.endif.endif.endif.endif.endif
    i32 0, label %B126.endif.endif.endif.endif.endif
  ]

B126.endif.endif.endif.else.if:                   ; preds = %B126.endif.endif.endif.else
  %57 = or i64 %.711, %arg.points.5.0
  %58 = icmp ult i64 %57, 4294967296
  br i1 %58, label %59, label %63

59:                                               ; preds = %B126.endif.endif.endif.else.if
  %60 = trunc nuw i64 %.711 to i32
  %61 = urem i32 %60, %7
  %62 = zext i32 %61 to i64
  br label %74

63:                                               ; preds = %B126.endif.endif.endif.else.if
  %64 = or i64 %.711, %arg.points.5.0
  %65 = and i64 %64, -4294967296
  %66 = icmp eq i64 %65, 0
  br i1 %66, label %67, label %72

67:                                               ; preds = %63
  %68 = trunc i64 %arg.points.5.0 to i32
  %69 = trunc i64 %.711 to i32
  %70 = urem i32 %69, %68
  %71 = zext i32 %70 to i64
  br label %74

72:                                               ; preds = %63
  %73 = srem i64 %.711, %arg.points.5.0
  br label %74

74:                                               ; preds = %72, %67, %59
  %75 = phi i64 [ %62, %59 ], [ %71, %67 ], [ %73, %72 ]
  %.733 = xor i64 %75, %arg.points.5.0
  %.734 = icmp slt i64 %.733, 0
  %.735 = icmp ne i64 %75, 0
  %.736 = and i1 %.735, %.734
  %.743 = select i1 %.736, i64 %arg.points.5.0, i64 0
  %spec.select529 = add i64 %75, 1
  %76 = add i64 %spec.select529, %.743
  br label %B126.endif.endif.endif.endif

B126.endif.endif.endif.endif.endif:               ; preds = %B126.endif.endif.endif.endif, %B126.endif.endif.endif.endif
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(32) %.815, i8 0, i64 32, i1 false)
  %.823 = call i32 @part1(ptr nonnull %.815, ptr nonnull %excinfo.2, ptr %arg.points.0, ptr %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %.563, i64 %rem.3.0)
  %.833.fca.0.load = load double, ptr %.815, align 8
  %sunkaddr66 = getelementptr inbounds i8, ptr %.815, i64 8
  %.833.fca.1.load = load double, ptr %sunkaddr66, align 8
  %sunkaddr67 = getelementptr inbounds i8, ptr %.815, i64 16
  %.833.fca.2.load = load double, ptr %sunkaddr67, align 8
  %sunkaddr68 = getelementptr inbounds i8, ptr %.815, i64 24
  %.833.fca.3.load = load double, ptr %sunkaddr68, align 8
  switch i32 %.823, label %common.ret [
    i32 -2, label %B126.endif.endif.endif.en...endif.endif.endif
    i32 0, label %B126.endif.endif.endif.en...endif.endif.endif
  ]

B126.endif.endif.endif.en...endif.endif.endif:    ; preds = %B126.endif.endif.endif.endif.endif, %B126.endif.endif.endif.endif.endif
  %.888.1 = ashr i64 %.708516, 1
  %.13.i = tail call i64 @llvm.smin.i64(i64 %.888.1, i64 3)
  %.957.1 = ashr i64 %rem.3.0, 1
  %.13.i55 = tail call i64 @llvm.smin.i64(i64 %.957.1, i64 3)
  %.949 = sub nsw i64 0, %.13.i
  %.1018 = add nsw i64 %.13.i, 1
  %.1055 = add nsw i64 %.1018, %.13.i55
  %..1055 = tail call i64 @llvm.smax.i64(i64 %.1055, i64 0)
  %.1098563.not = icmp slt i64 %.1055, 1
  br i1 %.1098563.not, label %B780, label %B502.endif.endif.lr.ph

B502.endif.endif.lr.ph:                           ; preds = %B126.endif.endif.endif.en...endif.endif.endif
  %77 = icmp eq i64 %arg.points.5.0, 0
  br i1 %77, label %B502.endif.endif.us.us.preheader, label %B502.endif.endif.us.preheader

B502.endif.endif.us.us.preheader:                 ; preds = %B502.endif.endif.lr.ph
  %.1364.us.us.us = load double, ptr %arg.points.4, align 8
  %sunkaddr69 = getelementptr i8, ptr %arg.points.4, i64 8
  %.1425.us.us.us = load double, ptr %sunkaddr69, align 8
  %.1491.us.us.us = fsub nsz contract double %.1364.us.us.us, %.833.fca.0.load
  %.1493.us.us.us = fmul nsz contract double %.833.fca.2.load, %.1491.us.us.us
  %.1552.us.us.us = fsub nsz contract double %.1425.us.us.us, %.833.fca.1.load
  %.1554.us.us.us = fmul nsz contract double %.833.fca.3.load, %.1552.us.us.us
  %.1555.us.us.us = fadd nsz contract double %.1493.us.us.us, %.1554.us.us.us
  %.1561.us.us.us697 = fmul nsz contract double %.1555.us.us.us, %.1555.us.us.us
  %.1366.us.us.us = fsub nsz contract double %.1364.us.us.us, %.774.fca.0.load
  %.1368.us.us.us = fmul nsz contract double %.774.fca.2.load, %.1366.us.us.us
  %.1427.us.us.us = fsub nsz contract double %.1425.us.us.us, %.774.fca.1.load
  %.1429.us.us.us = fmul nsz contract double %.774.fca.3.load, %.1427.us.us.us
  %.1430.us.us.us = fadd nsz contract double %.1368.us.us.us, %.1429.us.us.us
  %.1561.us.us.us = fmul nsz contract double %.1430.us.us.us, %.1430.us.us.us
  %.1565.us.us.us.1 = fadd nsz contract double %.1561.us.us.us, %.1561.us.us.us
  %.1565.us.us.us.2 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.1
  %.1565.us.us.us.3 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.2
  %.1565.us.us.us.4 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.3
  %.1565.us.us.us.5 = fadd nsz contract double %.1561.us.us.us, %.1565.us.us.us.4
  %.1308.us.us.us = icmp slt i64 %.888.1, 3
  br i1 %.1308.us.us.us, label %B734.us.us.us, label %B734.us.us.us.1.thread

B502.endif.endif.us.preheader:                    ; preds = %B502.endif.endif.lr.ph
  %78 = icmp ne i64 %arg.points.5.0, -1
  %.1262.us = add nsw i64 %.563, -3
  %.1277.us = icmp ne i64 %.1262.us, %const
  %.1279.not.us = or i1 %78, %.1277.us
  %.1262.us.1 = add nsw i64 %.563, -2
  %.1277.us.1 = icmp ne i64 %.1262.us.1, %const
  %.1279.not.us.1 = or i1 %78, %.1277.us.1
  %.1262.us.2 = add nsw i64 %.563, -1
  %.1277.us.2 = icmp ne i64 %.1262.us.2, %const
  %.1279.not.us.2 = or i1 %78, %.1277.us.2
  %.1277.us.3 = icmp ne i64 %.563, %const
  %.1279.not.us.3 = or i1 %78, %.1277.us.3
  %.1262.us.4 = add nsw i64 %.563, 1
  %79 = or i64 %.1262.us.4, %arg.points.5.0
  %80 = icmp ult i64 %79, 4294967296
  br i1 %80, label %81, label %85

81:                                               ; preds = %B502.endif.endif.us.preheader
  %82 = trunc nuw i64 %.1262.us.4 to i32
  %83 = urem i32 %82, %7
  %84 = zext i32 %83 to i64
  br label %96

85:                                               ; preds = %B502.endif.endif.us.preheader
  %86 = or i64 %.1262.us.4, %arg.points.5.0
  %87 = and i64 %86, -4294967296
  %88 = icmp eq i64 %87, 0
  br i1 %88, label %89, label %94

89:                                               ; preds = %85
  %90 = trunc i64 %arg.points.5.0 to i32
  %91 = trunc i64 %.1262.us.4 to i32
  %92 = urem i32 %91, %90
  %93 = zext i32 %92 to i64
  br label %96

94:                                               ; preds = %85
  %95 = srem i64 %.1262.us.4, %arg.points.5.0
  br label %96

96:                                               ; preds = %94, %89, %81
  %97 = phi i64 [ %84, %81 ], [ %93, %89 ], [ %95, %94 ]
  %.1284.us.4 = xor i64 %97, %arg.points.5.0
  %.1285.us.4 = icmp slt i64 %.1284.us.4, 0
  %.1286.us.4 = icmp ne i64 %97, 0
  %.1287.us.4 = and i1 %.1286.us.4, %.1285.us.4
  %.1294.us.4 = select i1 %.1287.us.4, i64 %arg.points.5.0, i64 0
  %spec.select530.us.4 = add i64 %.1294.us.4, %97
  %.1462.us.4 = icmp slt i64 %spec.select530.us.4, 0
  %.1463.us.4 = select i1 %.1462.us.4, i64 %arg.points.5.0, i64 0
  %.1464.us.4 = add i64 %.1463.us.4, %spec.select530.us.4
  %.1262.us.5 = add nsw i64 %.563, 2
  %98 = or i64 %.1262.us.5, %arg.points.5.0
  %99 = icmp ult i64 %98, 4294967296
  br i1 %99, label %100, label %104

100:                                              ; preds = %96
  %101 = trunc nuw i64 %.1262.us.5 to i32
  %102 = urem i32 %101, %7
  %103 = zext i32 %102 to i64
  br label %115

104:                                              ; preds = %96
  %105 = or i64 %.1262.us.5, %arg.points.5.0
  %106 = and i64 %105, -4294967296
  %107 = icmp eq i64 %106, 0
  br i1 %107, label %108, label %113

108:                                              ; preds = %104
  %109 = trunc i64 %arg.points.5.0 to i32
  %110 = trunc i64 %.1262.us.5 to i32
  %111 = urem i32 %110, %109
  %112 = zext i32 %111 to i64
  br label %115

113:                                              ; preds = %104
  %114 = srem i64 %.1262.us.5, %arg.points.5.0
  br label %115

115:                                              ; preds = %113, %108, %100
  %116 = phi i64 [ %103, %100 ], [ %112, %108 ], [ %114, %113 ]
  %.1284.us.5 = xor i64 %116, %arg.points.5.0
  %.1285.us.5 = icmp slt i64 %.1284.us.5, 0
  %.1286.us.5 = icmp ne i64 %116, 0
  %.1287.us.5 = and i1 %.1286.us.5, %.1285.us.5
  %.1294.us.5 = select i1 %.1287.us.5, i64 %arg.points.5.0, i64 0
  %spec.select530.us.5 = add i64 %.1294.us.5, %116
  %.1462.us.5 = icmp slt i64 %spec.select530.us.5, 0
  %.1463.us.5 = select i1 %.1462.us.5, i64 %arg.points.5.0, i64 0
  %.1464.us.5 = add i64 %.1463.us.5, %spec.select530.us.5
  %.1484.us.5 = mul i64 %.1464.us.5, %arg.points.5.1
  %.1262.us.6 = add nsw i64 %.563, 3
  %117 = or i64 %.1262.us.6, %arg.points.5.0
  %118 = icmp ult i64 %117, 4294967296
  br i1 %118, label %119, label %123

119:                                              ; preds = %115
  %120 = trunc nuw i64 %.1262.us.6 to i32
  %121 = urem i32 %120, %7
  %122 = zext i32 %121 to i64
  br label %134

123:                                              ; preds = %115
  %124 = or i64 %.1262.us.6, %arg.points.5.0
  %125 = and i64 %124, -4294967296
  %126 = icmp eq i64 %125, 0
  br i1 %126, label %127, label %132

127:                                              ; preds = %123
  %128 = trunc i64 %arg.points.5.0 to i32
  %129 = trunc i64 %.1262.us.6 to i32
  %130 = urem i32 %129, %128
  %131 = zext i32 %130 to i64
  br label %134

132:                                              ; preds = %123
  %133 = srem i64 %.1262.us.6, %arg.points.5.0
  br label %134

134:                                              ; preds = %132, %127, %119
  %135 = phi i64 [ %122, %119 ], [ %131, %127 ], [ %133, %132 ]
  %.1284.us.6 = xor i64 %135, %arg.points.5.0
  %.1285.us.6 = icmp slt i64 %.1284.us.6, 0
  %.1286.us.6 = icmp ne i64 %135, 0
  %.1287.us.6 = and i1 %.1286.us.6, %.1285.us.6
  %.1294.us.6 = select i1 %.1287.us.6, i64 %arg.points.5.0, i64 0
  %spec.select530.us.6 = add i64 %.1294.us.6, %135
  %.1462.us.6 = icmp slt i64 %spec.select530.us.6, 0
  %.1463.us.6 = select i1 %.1462.us.6, i64 %arg.points.5.0, i64 0
  %.1464.us.6 = add i64 %.1463.us.6, %spec.select530.us.6
  %.1484.us.6 = mul i64 %.1464.us.6, %arg.points.5.1
  %sunkaddr159 = mul i64 %.1484.us.4, %.1464.us.4
  %sunkaddr160 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr159
  %.1364.us591.4 = load double, ptr %sunkaddr160, align 8
  %sunkaddr163 = getelementptr i8, ptr %sunkaddr160, i64 8
  %.1425.us595.4 = load double, ptr %sunkaddr163, align 8
  %.1491.us583.4 = fsub nsz contract double %.1364.us591.4, %.833.fca.0.load
  %.1493.us584.4 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.4
  %.1552.us587.4 = fsub nsz contract double %.1425.us595.4, %.833.fca.1.load
  %.1554.us588.4 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.4
  %.1555.us589.4 = fadd nsz contract double %.1493.us584.4, %.1554.us588.4
  %.1561.us601.440 = fmul nsz contract double %.1555.us589.4, %.1555.us589.4
  %.1366.us592.4 = fsub nsz contract double %.1364.us591.4, %.774.fca.0.load
  %.1368.us593.4 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.4
  %.1427.us596.4 = fsub nsz contract double %.1425.us595.4, %.774.fca.1.load
  %.1429.us597.4 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.4
  %.1430.us598.4 = fadd nsz contract double %.1368.us593.4, %.1429.us597.4
  %.1561.us601.4 = fmul nsz contract double %.1430.us598.4, %.1430.us598.4
  %136 = or i64 %.1262.us, %arg.points.5.0
  %137 = trunc nuw i64 %.1262.us to i32
  %138 = or i64 %.1262.us.1, %arg.points.5.0
  %139 = trunc nuw i64 %.1262.us.1 to i32
  %140 = or i64 %.1262.us.2, %arg.points.5.0
  %141 = trunc nuw i64 %.1262.us.2 to i32
  %142 = or i64 %.563, %arg.points.5.0
  %143 = trunc nuw i64 %.563 to i32
  %144 = add nuw nsw i64 %..1055, 2
  br label %B502.endif.endif.us

B734.us.us.us:                                    ; preds = %B502.endif.endif.us.us.preheader
  %.1308.us.us.us.1.not = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.1.not, label %B734.us.us.us.1.thread, label %B734.us.us.us.1

B734.us.us.us.1.thread:                           ; preds = %B734.us.us.us, %B502.endif.endif.us.us.preheader
  %.1561.us.us.us704 = phi double [ %.1561.us.us.us, %B734.us.us.us ], [ %.1561.us.us.us697, %B502.endif.endif.us.us.preheader ]
  %.1565.us.us.us.1710 = fadd nsz contract double %.1561.us.us.us697, %.1561.us.us.us704
  br label %B734.us.us.us.2.thread

B734.us.us.us.1:                                  ; preds = %B734.us.us.us
  %.1308.us.us.us.2 = icmp slt i64 %.888.1, 1
  br i1 %.1308.us.us.us.2, label %B734.us.us.us.2, label %B734.us.us.us.2.thread

B734.us.us.us.2.thread:                           ; preds = %B734.us.us.us.1, %B734.us.us.us.1.thread
  %.1565.us.us.us.1717 = phi double [ %.1565.us.us.us.1710, %B734.us.us.us.1.thread ], [ %.1565.us.us.us.1, %B734.us.us.us.1 ]
  %.1565.us.us.us.2723 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1717
  br label %B734.us.us.us.3.thread

B734.us.us.us.2:                                  ; preds = %B734.us.us.us.1
  switch i64 %.13.i, label %B734.us.us.us.4 [
    i64 0, label %B734.us.us.us.3.thread
    i64 -1, label %B734.us.us.us.4.thread
  ]

B734.us.us.us.3.thread:                           ; preds = %B734.us.us.us.2, %B734.us.us.us.2.thread
  %.1565.us.us.us.2730 = phi double [ %.1565.us.us.us.2723, %B734.us.us.us.2.thread ], [ %.1565.us.us.us.2, %B734.us.us.us.2 ]
  %.1565.us.us.us.3736 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730
  br label %B734.us.us.us.4.thread

B734.us.us.us.4.thread:                           ; preds = %B734.us.us.us.3.thread, %B734.us.us.us.2
  %.1565.us.us.us.3743 = phi double [ %.1565.us.us.us.3736, %B734.us.us.us.3.thread ], [ %.1565.us.us.us.3, %B734.us.us.us.2 ]
  %.1565.us.us.us.4749 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743
  br label %B734.us.us.us.5.thread

B734.us.us.us.4:                                  ; preds = %B734.us.us.us.2
  %.1308.us.us.us.5 = icmp samesign ugt i64 %.949, 2
  br i1 %.1308.us.us.us.5, label %B734.us.us.us.5, label %B734.us.us.us.5.thread

B734.us.us.us.5.thread:                           ; preds = %B734.us.us.us.4, %B734.us.us.us.4.thread
  %.1565.us.us.us.4756 = phi double [ %.1565.us.us.us.4749, %B734.us.us.us.4.thread ], [ %.1565.us.us.us.4, %B734.us.us.us.4 ]
  %.1565.us.us.us.5762 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756
  br label %B734.us.us.us.6

B734.us.us.us.5:                                  ; preds = %B734.us.us.us.4
  %.1308.us.us.us.6.not = icmp eq i64 %.888.1, -3
  br i1 %.1308.us.us.us.6.not, label %B668.us.us.us.6, label %B734.us.us.us.6

B668.us.us.us.6:                                  ; preds = %B734.us.us.us.5
  br label %B734.us.us.us.6

B734.us.us.us.6:                                  ; preds = %B668.us.us.us.6, %B734.us.us.us.5, %B734.us.us.us.5.thread
  %.1561.us.us.us.6.pre-phi = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread ], [ %.1561.us.us.us, %B734.us.us.us.5 ], [ %.1561.us.us.us697, %B668.us.us.us.6 ]
  %.1565.us.us.us.5766 = phi double [ %.1565.us.us.us.5762, %B734.us.us.us.5.thread ], [ %.1565.us.us.us.5, %B734.us.us.us.5 ], [ %.1565.us.us.us.5, %B668.us.us.us.6 ]
  %.1565.us.us.us.6 = fadd nsz contract double %.1561.us.us.us.6.pre-phi, %.1565.us.us.us.5766
  %.1111.us.us = sub nsw i64 1, %.13.i
  %.1588.us.us = fcmp nsz contract olt double %.1565.us.us.us.6, 1.000000e+30
  %best.3.2.us.us = select i1 %.1588.us.us, double %.1565.us.us.us.6, double 1.000000e+30
  %where.3.2.us.us = select i1 %.1588.us.us, i64 %.949, i64 0
  %.1098.us.us.not = icmp eq i64 %.1055, 1
  br i1 %.1098.us.us.not, label %B780, label %B734.us.us.us.186

B734.us.us.us.186:                                ; preds = %B734.us.us.us.6
  %.1308.us.us.us.1.not.1 = icmp sgt i64 %.888.1, 2
  br i1 %.1308.us.us.us.1.not.1, label %B734.us.us.us.1.thread.1, label %B734.us.us.us.1.1

B734.us.us.us.1.1:                                ; preds = %B734.us.us.us.186
  %.1308.us.us.us.2.1.not = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.2.1.not, label %B734.us.us.us.2.thread.1, label %B734.us.us.us.2.1

B734.us.us.us.2.1:                                ; preds = %B734.us.us.us.1.1
  switch i64 %.13.i, label %B734.us.us.us.4.1 [
    i64 1, label %B734.us.us.us.3.thread.1
    i64 0, label %B734.us.us.us.4.thread.1
  ]

B734.us.us.us.4.1:                                ; preds = %B734.us.us.us.2.1
  %.1308.us.us.us.5.1 = icmp samesign ugt i64 %.1111.us.us, 2
  br i1 %.1308.us.us.us.5.1, label %B734.us.us.us.5.1, label %B734.us.us.us.5.thread.1

B734.us.us.us.5.1:                                ; preds = %B734.us.us.us.4.1
  %.1308.us.us.us.6.not.1 = icmp eq i64 %.888.1, -2
  br i1 %.1308.us.us.us.6.not.1, label %B668.us.us.us.6.1, label %B734.us.us.us.6.1

B668.us.us.us.6.1:                                ; preds = %B734.us.us.us.5.1
  br label %B734.us.us.us.6.1

B734.us.us.us.1.thread.1:                         ; preds = %B734.us.us.us.186
  %.1565.us.us.us.1710.1 = fadd nsz contract double %.1561.us.us.us697, %.1561.us.us.us
  br label %B734.us.us.us.2.thread.1

B734.us.us.us.2.thread.1:                         ; preds = %B734.us.us.us.1.thread.1, %B734.us.us.us.1.1
  %.1565.us.us.us.1717.1 = phi double [ %.1565.us.us.us.1710.1, %B734.us.us.us.1.thread.1 ], [ %.1565.us.us.us.1, %B734.us.us.us.1.1 ]
  %.1565.us.us.us.2723.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1717.1
  br label %B734.us.us.us.3.thread.1

B734.us.us.us.3.thread.1:                         ; preds = %B734.us.us.us.2.thread.1, %B734.us.us.us.2.1
  %.1565.us.us.us.2730.1 = phi double [ %.1565.us.us.us.2723.1, %B734.us.us.us.2.thread.1 ], [ %.1565.us.us.us.2, %B734.us.us.us.2.1 ]
  %.1565.us.us.us.3736.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730.1
  br label %B734.us.us.us.4.thread.1

B734.us.us.us.4.thread.1:                         ; preds = %B734.us.us.us.3.thread.1, %B734.us.us.us.2.1
  %.1565.us.us.us.3743.1 = phi double [ %.1565.us.us.us.3736.1, %B734.us.us.us.3.thread.1 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.1 ]
  %.1565.us.us.us.4749.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.1
  br label %B734.us.us.us.5.thread.1

B734.us.us.us.5.thread.1:                         ; preds = %B734.us.us.us.4.thread.1, %B734.us.us.us.4.1
  %.1565.us.us.us.4756.1 = phi double [ %.1565.us.us.us.4749.1, %B734.us.us.us.4.thread.1 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.1 ]
  %.1565.us.us.us.5762.1 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.1
  br label %B734.us.us.us.6.1

B734.us.us.us.6.1:                                ; preds = %B734.us.us.us.5.thread.1, %B668.us.us.us.6.1, %B734.us.us.us.5.1
  %.1561.us.us.us.6.pre-phi.1 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.1 ], [ %.1561.us.us.us, %B734.us.us.us.5.1 ], [ %.1561.us.us.us697, %B668.us.us.us.6.1 ]
  %.1565.us.us.us.5766.1 = phi double [ %.1565.us.us.us.5762.1, %B734.us.us.us.5.thread.1 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.1 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.1 ]
  %.1565.us.us.us.6.1 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.1, %.1565.us.us.us.5766.1
  %.1111.us.us.1 = sub nsw i64 2, %.13.i
  %.1584.us.us.1 = fadd nsz contract double %best.3.2.us.us, -1.000000e-09
  %.1588.us.us.1 = fcmp nsz contract olt double %.1565.us.us.us.6.1, %.1584.us.us.1
  %best.3.2.us.us.1 = select i1 %.1588.us.us.1, double %.1565.us.us.us.6.1, double %best.3.2.us.us
  %where.3.2.us.us.1 = select i1 %.1588.us.us.1, i64 %.1111.us.us, i64 %where.3.2.us.us
  %.1098.us.us.1 = icmp samesign ugt i64 %.1055, 2
  br i1 %.1098.us.us.1, label %B734.us.us.us.1.2, label %B780

B734.us.us.us.1.2:                                ; preds = %B734.us.us.us.6.1
  %145 = icmp slt i64 %.888.1, 3
  br i1 %145, label %B734.us.us.us.2.2, label %B734.us.us.us.2.thread.2

B734.us.us.us.2.2:                                ; preds = %B734.us.us.us.1.2
  switch i64 %.13.i, label %B734.us.us.us.4.2 [
    i64 2, label %B734.us.us.us.3.thread.2
    i64 1, label %B734.us.us.us.4.thread.2
  ]

B734.us.us.us.4.2:                                ; preds = %B734.us.us.us.2.2
  %.1308.us.us.us.5.2 = icmp ugt i64 %.13.i, 2
  br i1 %.1308.us.us.us.5.2, label %B734.us.us.us.5.2, label %B734.us.us.us.5.thread.2

B734.us.us.us.5.2:                                ; preds = %B734.us.us.us.4.2
  %.1308.us.us.us.6.not.2 = icmp eq i64 %.888.1, -1
  br i1 %.1308.us.us.us.6.not.2, label %B668.us.us.us.6.2, label %B734.us.us.us.6.2

B668.us.us.us.6.2:                                ; preds = %B734.us.us.us.5.2
  br label %B734.us.us.us.6.2

B734.us.us.us.2.thread.2:                         ; preds = %B734.us.us.us.1.2
  %.1565.us.us.us.2723.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.1
  br label %B734.us.us.us.3.thread.2

B734.us.us.us.3.thread.2:                         ; preds = %B734.us.us.us.2.thread.2, %B734.us.us.us.2.2
  %.1565.us.us.us.2730.2 = phi double [ %.1565.us.us.us.2723.2, %B734.us.us.us.2.thread.2 ], [ %.1565.us.us.us.2, %B734.us.us.us.2.2 ]
  %.1565.us.us.us.3736.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2730.2
  br label %B734.us.us.us.4.thread.2

B734.us.us.us.4.thread.2:                         ; preds = %B734.us.us.us.3.thread.2, %B734.us.us.us.2.2
  %.1565.us.us.us.3743.2 = phi double [ %.1565.us.us.us.3736.2, %B734.us.us.us.3.thread.2 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.2 ]
  %.1565.us.us.us.4749.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.2
  br label %B734.us.us.us.5.thread.2

B734.us.us.us.5.thread.2:                         ; preds = %B734.us.us.us.4.thread.2, %B734.us.us.us.4.2
  %.1565.us.us.us.4756.2 = phi double [ %.1565.us.us.us.4749.2, %B734.us.us.us.4.thread.2 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.2 ]
  %.1565.us.us.us.5762.2 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.2
  br label %B734.us.us.us.6.2

B734.us.us.us.6.2:                                ; preds = %B734.us.us.us.5.thread.2, %B668.us.us.us.6.2, %B734.us.us.us.5.2
  %.1561.us.us.us.6.pre-phi.2 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.2 ], [ %.1561.us.us.us, %B734.us.us.us.5.2 ], [ %.1561.us.us.us697, %B668.us.us.us.6.2 ]
  %.1565.us.us.us.5766.2 = phi double [ %.1565.us.us.us.5762.2, %B734.us.us.us.5.thread.2 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.2 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.2 ]
  %.1565.us.us.us.6.2 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.2, %.1565.us.us.us.5766.2
  %.1111.us.us.2 = sub nsw i64 3, %.13.i
  %.1584.us.us.2 = fadd nsz contract double %best.3.2.us.us.1, -1.000000e-09
  %.1588.us.us.2 = fcmp nsz contract olt double %.1565.us.us.us.6.2, %.1584.us.us.2
  %best.3.2.us.us.2 = select i1 %.1588.us.us.2, double %.1565.us.us.us.6.2, double %best.3.2.us.us.1
  %where.3.2.us.us.2 = select i1 %.1588.us.us.2, i64 %.1111.us.us.1, i64 %where.3.2.us.us.1
  %.1098.us.us.2.not = icmp eq i64 %.1055, 3
  br i1 %.1098.us.us.2.not, label %B780, label %B734.us.us.us.2.3

B734.us.us.us.2.3:                                ; preds = %B734.us.us.us.6.2
  switch i64 %.13.i, label %B734.us.us.us.4.3 [
    i64 3, label %B734.us.us.us.3.thread.3
    i64 2, label %B734.us.us.us.4.thread.3
  ]

B734.us.us.us.4.3:                                ; preds = %B734.us.us.us.2.3
  %.1308.us.us.us.5.3 = icmp samesign ugt i64 %.1111.us.us.2, 2
  br i1 %.1308.us.us.us.5.3, label %B734.us.us.us.5.3, label %B734.us.us.us.5.thread.3

B734.us.us.us.5.3:                                ; preds = %B734.us.us.us.4.3
  %.1308.us.us.us.6.not.3 = icmp eq i64 %.888.1, 0
  br i1 %.1308.us.us.us.6.not.3, label %B668.us.us.us.6.3, label %B734.us.us.us.6.3

B668.us.us.us.6.3:                                ; preds = %B734.us.us.us.5.3
  br label %B734.us.us.us.6.3

B734.us.us.us.3.thread.3:                         ; preds = %B734.us.us.us.2.3
  %.1565.us.us.us.3736.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.2
  br label %B734.us.us.us.4.thread.3

B734.us.us.us.4.thread.3:                         ; preds = %B734.us.us.us.3.thread.3, %B734.us.us.us.2.3
  %.1565.us.us.us.3743.3 = phi double [ %.1565.us.us.us.3736.3, %B734.us.us.us.3.thread.3 ], [ %.1565.us.us.us.3, %B734.us.us.us.2.3 ]
  %.1565.us.us.us.4749.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3743.3
  br label %B734.us.us.us.5.thread.3

B734.us.us.us.5.thread.3:                         ; preds = %B734.us.us.us.4.thread.3, %B734.us.us.us.4.3
  %.1565.us.us.us.4756.3 = phi double [ %.1565.us.us.us.4749.3, %B734.us.us.us.4.thread.3 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.3 ]
  %.1565.us.us.us.5762.3 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.3
  br label %B734.us.us.us.6.3

B734.us.us.us.6.3:                                ; preds = %B734.us.us.us.5.thread.3, %B668.us.us.us.6.3, %B734.us.us.us.5.3
  %.1561.us.us.us.6.pre-phi.3 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.3 ], [ %.1561.us.us.us, %B734.us.us.us.5.3 ], [ %.1561.us.us.us697, %B668.us.us.us.6.3 ]
  %.1565.us.us.us.5766.3 = phi double [ %.1565.us.us.us.5762.3, %B734.us.us.us.5.thread.3 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.3 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.3 ]
  %.1565.us.us.us.6.3 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.3, %.1565.us.us.us.5766.3
  %.1111.us.us.3 = sub nsw i64 4, %.13.i
  %.1584.us.us.3 = fadd nsz contract double %best.3.2.us.us.2, -1.000000e-09
  %.1588.us.us.3 = fcmp nsz contract olt double %.1565.us.us.us.6.3, %.1584.us.us.3
  %best.3.2.us.us.3 = select i1 %.1588.us.us.3, double %.1565.us.us.us.6.3, double %best.3.2.us.us.2
  %where.3.2.us.us.3 = select i1 %.1588.us.us.3, i64 %.1111.us.us.2, i64 %where.3.2.us.us.2
  %.1098.us.us.3 = icmp samesign ugt i64 %.1055, 4
  br i1 %.1098.us.us.3, label %B734.us.us.us.2.4, label %B780

B734.us.us.us.2.4:                                ; preds = %B734.us.us.us.6.3
  %146 = icmp sgt i64 %.888.1, 2
  br i1 %146, label %B734.us.us.us.4.thread.4, label %B734.us.us.us.4.4

B734.us.us.us.4.4:                                ; preds = %B734.us.us.us.2.4
  %.1308.us.us.us.5.4 = icmp samesign ugt i64 %.1111.us.us.3, 2
  br i1 %.1308.us.us.us.5.4, label %B734.us.us.us.5.4, label %B734.us.us.us.5.thread.4

B734.us.us.us.5.4:                                ; preds = %B734.us.us.us.4.4
  %.1308.us.us.us.6.not.4 = icmp eq i64 %.888.1, 1
  br i1 %.1308.us.us.us.6.not.4, label %B668.us.us.us.6.4, label %B734.us.us.us.6.4

B668.us.us.us.6.4:                                ; preds = %B734.us.us.us.5.4
  br label %B734.us.us.us.6.4

B734.us.us.us.4.thread.4:                         ; preds = %B734.us.us.us.2.4
  %.1565.us.us.us.4749.4 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.3
  br label %B734.us.us.us.5.thread.4

B734.us.us.us.5.thread.4:                         ; preds = %B734.us.us.us.4.thread.4, %B734.us.us.us.4.4
  %.1565.us.us.us.4756.4 = phi double [ %.1565.us.us.us.4749.4, %B734.us.us.us.4.thread.4 ], [ %.1565.us.us.us.4, %B734.us.us.us.4.4 ]
  %.1565.us.us.us.5762.4 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4756.4
  br label %B734.us.us.us.6.4

B734.us.us.us.6.4:                                ; preds = %B734.us.us.us.5.thread.4, %B668.us.us.us.6.4, %B734.us.us.us.5.4
  %.1561.us.us.us.6.pre-phi.4 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.4 ], [ %.1561.us.us.us, %B734.us.us.us.5.4 ], [ %.1561.us.us.us697, %B668.us.us.us.6.4 ]
  %.1565.us.us.us.5766.4 = phi double [ %.1565.us.us.us.5762.4, %B734.us.us.us.5.thread.4 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.4 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.4 ]
  %.1565.us.us.us.6.4 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.4, %.1565.us.us.us.5766.4
  %.1111.us.us.4 = sub nsw i64 5, %.13.i
  %.1584.us.us.4 = fadd nsz contract double %best.3.2.us.us.3, -1.000000e-09
  %.1588.us.us.4 = fcmp nsz contract olt double %.1565.us.us.us.6.4, %.1584.us.us.4
  %best.3.2.us.us.4 = select i1 %.1588.us.us.4, double %.1565.us.us.us.6.4, double %best.3.2.us.us.3
  %where.3.2.us.us.4 = select i1 %.1588.us.us.4, i64 %.1111.us.us.3, i64 %where.3.2.us.us.3
  %.1098.us.us.4.not = icmp eq i64 %.1055, 5
  br i1 %.1098.us.us.4.not, label %B780, label %B734.us.us.us.4.5

B734.us.us.us.4.5:                                ; preds = %B734.us.us.us.6.4
  %.1308.us.us.us.5.5 = icmp samesign ugt i64 %.1111.us.us.4, 2
  br i1 %.1308.us.us.us.5.5, label %B734.us.us.us.5.5, label %B734.us.us.us.5.thread.5

B734.us.us.us.5.5:                                ; preds = %B734.us.us.us.4.5
  %.1308.us.us.us.6.not.5 = icmp eq i64 %.888.1, 2
  br i1 %.1308.us.us.us.6.not.5, label %B668.us.us.us.6.5, label %B734.us.us.us.6.5

B668.us.us.us.6.5:                                ; preds = %B734.us.us.us.5.5
  br label %B734.us.us.us.6.5

B734.us.us.us.5.thread.5:                         ; preds = %B734.us.us.us.4.5
  %.1565.us.us.us.5762.5 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.4
  br label %B734.us.us.us.6.5

B734.us.us.us.6.5:                                ; preds = %B734.us.us.us.5.thread.5, %B668.us.us.us.6.5, %B734.us.us.us.5.5
  %.1561.us.us.us.6.pre-phi.5 = phi double [ %.1561.us.us.us697, %B734.us.us.us.5.thread.5 ], [ %.1561.us.us.us, %B734.us.us.us.5.5 ], [ %.1561.us.us.us697, %B668.us.us.us.6.5 ]
  %.1565.us.us.us.5766.5 = phi double [ %.1565.us.us.us.5762.5, %B734.us.us.us.5.thread.5 ], [ %.1565.us.us.us.5, %B734.us.us.us.5.5 ], [ %.1565.us.us.us.5, %B668.us.us.us.6.5 ]
  %.1565.us.us.us.6.5 = fadd nsz contract double %.1561.us.us.us.6.pre-phi.5, %.1565.us.us.us.5766.5
  %.1584.us.us.5 = fadd nsz contract double %best.3.2.us.us.4, -1.000000e-09
  %.1588.us.us.5 = fcmp nsz contract olt double %.1565.us.us.us.6.5, %.1584.us.us.5
  %where.3.2.us.us.5 = select i1 %.1588.us.us.5, i64 %.1111.us.us.4, i64 %where.3.2.us.us.4
  %.1098.us.us.5 = icmp samesign ugt i64 %.1055, 6
  br i1 %.1098.us.us.5, label %B734.us.us.us.5.6, label %B780

B734.us.us.us.5.6:                                ; preds = %B734.us.us.us.6.5
  %147 = fcmp olt double %.1565.us.us.us.6.5, %.1584.us.us.5
  %best.3.2.us.us.5 = select i1 %147, double %.1565.us.us.us.6.5, double %best.3.2.us.us.4
  %.1111.us.us.5 = sub nsw i64 6, %.13.i
  %.1565.us.us.us.6.6 = fadd nsz contract double %.1561.us.us.us697, %.1565.us.us.us.5
  %.1584.us.us.6 = fadd nsz contract double %best.3.2.us.us.5, -1.000000e-09
  %.1588.us.us.6 = fcmp nsz contract olt double %.1565.us.us.us.6.6, %.1584.us.us.6
  %where.3.2.us.us.6 = select i1 %.1588.us.us.6, i64 %.1111.us.us.5, i64 %where.3.2.us.us.5
  br label %B780

B502.endif.endif.us:                              ; preds = %B734.us599.6, %134
  %lsr.iv7 = phi i64 [ %lsr.iv.next8, %B734.us599.6 ], [ %144, %134 ]
  %where.2.1568.us = phi i64 [ 0, %134 ], [ %where.3.2.us, %B734.us599.6 ]
  %best.2.1567.us = phi double [ 1.000000e+30, %134 ], [ %best.3.2.us, %B734.us599.6 ]
  %.1104558564.us = phi i64 [ %.949, %134 ], [ %.1111.us, %B734.us599.6 ]
  br i1 %.1279.not.us, label %B570.endif.us, label %B570.endif.us.thread

B570.endif.us:                                    ; preds = %B502.endif.endif.us
  %148 = icmp ult i64 %136, 4294967296
  br i1 %148, label %149, label %152

149:                                              ; preds = %B570.endif.us
  %150 = urem i32 %137, %7
  %151 = zext i32 %150 to i64
  br label %163

152:                                              ; preds = %B570.endif.us
  %153 = or i64 %.1262.us, %arg.points.5.0
  %154 = and i64 %153, -4294967296
  %155 = icmp eq i64 %154, 0
  br i1 %155, label %156, label %161

156:                                              ; preds = %152
  %157 = trunc i64 %arg.points.5.0 to i32
  %158 = trunc i64 %.1262.us to i32
  %159 = urem i32 %158, %157
  %160 = zext i32 %159 to i64
  br label %163

161:                                              ; preds = %152
  %162 = srem i64 %.1262.us, %arg.points.5.0
  br label %163

163:                                              ; preds = %161, %156, %149
  %164 = phi i64 [ %151, %149 ], [ %160, %156 ], [ %162, %161 ]
  %.1284.us = xor i64 %164, %arg.points.5.0
  %.1285.us = icmp slt i64 %.1284.us, 0
  %.1286.us = icmp ne i64 %164, 0
  %.1287.us = and i1 %.1286.us, %.1285.us
  %.1294.us = select i1 %.1287.us, i64 %arg.points.5.0, i64 0
  %spec.select530.us = add i64 %.1294.us, %164
  %spec.select530.us.fr = freeze i64 %spec.select530.us
  %.1337.us = icmp slt i64 %spec.select530.us.fr, 0
  %spec.select = select i1 %.1337.us, i64 %arg.points.5.0, i64 0
  %165 = add i64 %spec.select, %spec.select530.us.fr
  %166 = mul i64 %165, %arg.points.5.1
  br label %B570.endif.us.thread

B570.endif.us.thread:                             ; preds = %163, %B502.endif.endif.us
  %.1339.us = phi i64 [ %166, %163 ], [ 0, %B502.endif.endif.us ]
  %.1308.us58017 = icmp sgt i64 %.1104558564.us, -3
  %.1363.us = getelementptr double, ptr %arg.points.4, i64 %.1339.us
  %.1364.us591 = load double, ptr %.1363.us, align 8
  %.1424.us594 = getelementptr i8, ptr %.1363.us, i64 8
  %.1425.us595 = load double, ptr %.1424.us594, align 8
  %.774.fca.0.load..833.fca.0.load = select i1 %.1308.us58017, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load = select i1 %.1308.us58017, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load = select i1 %.1308.us58017, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load = select i1 %.1308.us58017, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592 = fsub nsz contract double %.1364.us591, %.774.fca.0.load..833.fca.0.load
  %.1368.us593 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load, %.1366.us592
  %.1427.us596 = fsub nsz contract double %.1425.us595, %.774.fca.1.load..833.fca.1.load
  %.1429.us597 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load, %.1427.us596
  %.1430.us598 = fadd nsz contract double %.1368.us593, %.1429.us597
  %.1561.us601 = fmul nsz contract double %.1430.us598, %.1430.us598
  br i1 %.1279.not.us.1, label %B570.endif.us.1, label %B570.endif.us.1.thread

B570.endif.us.1:                                  ; preds = %B570.endif.us.thread
  %167 = icmp ult i64 %138, 4294967296
  br i1 %167, label %168, label %171

168:                                              ; preds = %B570.endif.us.1
  %169 = urem i32 %139, %7
  %170 = zext i32 %169 to i64
  br label %182

171:                                              ; preds = %B570.endif.us.1
  %172 = or i64 %.1262.us.1, %arg.points.5.0
  %173 = and i64 %172, -4294967296
  %174 = icmp eq i64 %173, 0
  br i1 %174, label %175, label %180

175:                                              ; preds = %171
  %176 = trunc i64 %arg.points.5.0 to i32
  %177 = trunc i64 %.1262.us.1 to i32
  %178 = urem i32 %177, %176
  %179 = zext i32 %178 to i64
  br label %182

180:                                              ; preds = %171
  %181 = srem i64 %.1262.us.1, %arg.points.5.0
  br label %182

182:                                              ; preds = %180, %175, %168
  %183 = phi i64 [ %170, %168 ], [ %179, %175 ], [ %181, %180 ]
  %.1284.us.1 = xor i64 %183, %arg.points.5.0
  %.1285.us.1 = icmp slt i64 %.1284.us.1, 0
  %.1286.us.1 = icmp ne i64 %183, 0
  %.1287.us.1 = and i1 %.1286.us.1, %.1285.us.1
  %.1294.us.1 = select i1 %.1287.us.1, i64 %arg.points.5.0, i64 0
  %spec.select530.us.1 = add i64 %.1294.us.1, %183
  %spec.select530.us.1.fr = freeze i64 %spec.select530.us.1
  %.1337.us.1 = icmp slt i64 %spec.select530.us.1.fr, 0
  %spec.select52 = select i1 %.1337.us.1, i64 %arg.points.5.0, i64 0
  %184 = add i64 %spec.select52, %spec.select530.us.1.fr
  %185 = mul i64 %184, %arg.points.5.1
  br label %B570.endif.us.1.thread

B570.endif.us.1.thread:                           ; preds = %182, %B570.endif.us.thread
  %.1339.us.1 = phi i64 [ %185, %182 ], [ 0, %B570.endif.us.thread ]
  %.1308.us580.124 = icmp sgt i64 %.1104558564.us, -2
  %.1363.us.1 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.1
  %.1364.us591.1 = load double, ptr %.1363.us.1, align 8
  %.1424.us594.1 = getelementptr i8, ptr %.1363.us.1, i64 8
  %.1425.us595.1 = load double, ptr %.1424.us594.1, align 8
  %.774.fca.0.load..833.fca.0.load791 = select i1 %.1308.us580.124, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load792 = select i1 %.1308.us580.124, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load793 = select i1 %.1308.us580.124, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load794 = select i1 %.1308.us580.124, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.1 = fsub nsz contract double %.1364.us591.1, %.774.fca.0.load..833.fca.0.load791
  %.1368.us593.1 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load792, %.1366.us592.1
  %.1427.us596.1 = fsub nsz contract double %.1425.us595.1, %.774.fca.1.load..833.fca.1.load793
  %.1429.us597.1 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load794, %.1427.us596.1
  %.1430.us598.1 = fadd nsz contract double %.1368.us593.1, %.1429.us597.1
  %.1561.us601.1 = fmul nsz contract double %.1430.us598.1, %.1430.us598.1
  %.1565.us602.1 = fadd nsz contract double %.1561.us601, %.1561.us601.1
  br i1 %.1279.not.us.2, label %B570.endif.us.2, label %B570.endif.us.2.thread

B570.endif.us.2:                                  ; preds = %B570.endif.us.1.thread
  %186 = icmp ult i64 %140, 4294967296
  br i1 %186, label %187, label %190

187:                                              ; preds = %B570.endif.us.2
  %188 = urem i32 %141, %7
  %189 = zext i32 %188 to i64
  br label %201

190:                                              ; preds = %B570.endif.us.2
  %191 = or i64 %.1262.us.2, %arg.points.5.0
  %192 = and i64 %191, -4294967296
  %193 = icmp eq i64 %192, 0
  br i1 %193, label %194, label %199

194:                                              ; preds = %190
  %195 = trunc i64 %arg.points.5.0 to i32
  %196 = trunc i64 %.1262.us.2 to i32
  %197 = urem i32 %196, %195
  %198 = zext i32 %197 to i64
  br label %201

199:                                              ; preds = %190
  %200 = srem i64 %.1262.us.2, %arg.points.5.0
  br label %201

201:                                              ; preds = %199, %194, %187
  %202 = phi i64 [ %189, %187 ], [ %198, %194 ], [ %200, %199 ]
  %.1284.us.2 = xor i64 %202, %arg.points.5.0
  %.1285.us.2 = icmp slt i64 %.1284.us.2, 0
  %.1286.us.2 = icmp ne i64 %202, 0
  %.1287.us.2 = and i1 %.1286.us.2, %.1285.us.2
  %.1294.us.2 = select i1 %.1287.us.2, i64 %arg.points.5.0, i64 0
  %spec.select530.us.2 = add i64 %.1294.us.2, %202
  %spec.select530.us.2.fr = freeze i64 %spec.select530.us.2
  %.1337.us.2 = icmp slt i64 %spec.select530.us.2.fr, 0
  %spec.select53 = select i1 %.1337.us.2, i64 %arg.points.5.0, i64 0
  %203 = add i64 %spec.select53, %spec.select530.us.2.fr
  %204 = mul i64 %203, %arg.points.5.1
  br label %B570.endif.us.2.thread

B570.endif.us.2.thread:                           ; preds = %201, %B570.endif.us.1.thread
  %.1339.us.2 = phi i64 [ %204, %201 ], [ 0, %B570.endif.us.1.thread ]
  %.1308.us580.231 = icmp sgt i64 %.1104558564.us, -1
  %.1363.us.2 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.2
  %.1364.us591.2 = load double, ptr %.1363.us.2, align 8
  %.1424.us594.2 = getelementptr i8, ptr %.1363.us.2, i64 8
  %.1425.us595.2 = load double, ptr %.1424.us594.2, align 8
  %.774.fca.0.load..833.fca.0.load795 = select i1 %.1308.us580.231, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load796 = select i1 %.1308.us580.231, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load797 = select i1 %.1308.us580.231, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load798 = select i1 %.1308.us580.231, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.2 = fsub nsz contract double %.1364.us591.2, %.774.fca.0.load..833.fca.0.load795
  %.1368.us593.2 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load796, %.1366.us592.2
  %.1427.us596.2 = fsub nsz contract double %.1425.us595.2, %.774.fca.1.load..833.fca.1.load797
  %.1429.us597.2 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load798, %.1427.us596.2
  %.1430.us598.2 = fadd nsz contract double %.1368.us593.2, %.1429.us597.2
  %.1561.us601.2 = fmul nsz contract double %.1430.us598.2, %.1430.us598.2
  %.1565.us602.2 = fadd nsz contract double %.1565.us602.1, %.1561.us601.2
  br i1 %.1279.not.us.3, label %B570.endif.us.3, label %B570.endif.us.3.thread

B570.endif.us.3:                                  ; preds = %B570.endif.us.2.thread
  %205 = icmp ult i64 %142, 4294967296
  br i1 %205, label %206, label %209

206:                                              ; preds = %B570.endif.us.3
  %207 = urem i32 %143, %7
  %208 = zext i32 %207 to i64
  br label %220

209:                                              ; preds = %B570.endif.us.3
  %210 = or i64 %.563, %arg.points.5.0
  %211 = and i64 %210, -4294967296
  %212 = icmp eq i64 %211, 0
  br i1 %212, label %213, label %218

213:                                              ; preds = %209
  %214 = trunc i64 %arg.points.5.0 to i32
  %215 = trunc i64 %.563 to i32
  %216 = urem i32 %215, %214
  %217 = zext i32 %216 to i64
  br label %220

218:                                              ; preds = %209
  %219 = srem i64 %.563, %arg.points.5.0
  br label %220

220:                                              ; preds = %218, %213, %206
  %221 = phi i64 [ %208, %206 ], [ %217, %213 ], [ %219, %218 ]
  %.1284.us.3 = xor i64 %221, %arg.points.5.0
  %.1285.us.3 = icmp slt i64 %.1284.us.3, 0
  %.1286.us.3 = icmp ne i64 %221, 0
  %.1287.us.3 = and i1 %.1286.us.3, %.1285.us.3
  %.1294.us.3 = select i1 %.1287.us.3, i64 %arg.points.5.0, i64 0
  %spec.select530.us.3 = add i64 %.1294.us.3, %221
  %spec.select530.us.3.fr = freeze i64 %spec.select530.us.3
  %.1337.us.3 = icmp slt i64 %spec.select530.us.3.fr, 0
  %spec.select54 = select i1 %.1337.us.3, i64 %arg.points.5.0, i64 0
  %222 = add i64 %spec.select54, %spec.select530.us.3.fr
  %223 = mul i64 %222, %arg.points.5.1
  br label %B570.endif.us.3.thread

B570.endif.us.3.thread:                           ; preds = %220, %B570.endif.us.2.thread
  %.1339.us.3 = phi i64 [ %223, %220 ], [ 0, %B570.endif.us.2.thread ]
  %.1308.us580.338 = icmp sgt i64 %.1104558564.us, 0
  %.1363.us.3 = getelementptr double, ptr %arg.points.4, i64 %.1339.us.3
  %.1364.us591.3 = load double, ptr %.1363.us.3, align 8
  %.1424.us594.3 = getelementptr i8, ptr %.1363.us.3, i64 8
  %.1425.us595.3 = load double, ptr %.1424.us594.3, align 8
  %.774.fca.0.load..833.fca.0.load799 = select i1 %.1308.us580.338, double %.774.fca.0.load, double %.833.fca.0.load
  %.774.fca.2.load..833.fca.2.load800 = select i1 %.1308.us580.338, double %.774.fca.2.load, double %.833.fca.2.load
  %.774.fca.1.load..833.fca.1.load801 = select i1 %.1308.us580.338, double %.774.fca.1.load, double %.833.fca.1.load
  %.774.fca.3.load..833.fca.3.load802 = select i1 %.1308.us580.338, double %.774.fca.3.load, double %.833.fca.3.load
  %.1366.us592.3 = fsub nsz contract double %.1364.us591.3, %.774.fca.0.load..833.fca.0.load799
  %.1368.us593.3 = fmul nsz contract double %.774.fca.2.load..833.fca.2.load800, %.1366.us592.3
  %.1427.us596.3 = fsub nsz contract double %.1425.us595.3, %.774.fca.1.load..833.fca.1.load801
  %.1429.us597.3 = fmul nsz contract double %.774.fca.3.load..833.fca.3.load802, %.1427.us596.3
  %.1430.us598.3 = fadd nsz contract double %.1368.us593.3, %.1429.us597.3
  %.1561.us601.3 = fmul nsz contract double %.1430.us598.3, %.1430.us598.3
  %.1565.us602.3 = fadd nsz contract double %.1565.us602.2, %.1561.us601.3
  %.1308.us580.4 = icmp sgt i64 %.1104558564.us, 1
  br i1 %.1308.us580.4, label %B570.endif.us.5, label %B570.endif.us.5.thread

B570.endif.us.5.thread:                           ; preds = %B570.endif.us.3.thread
  %.1565.us602.441 = fadd nsz contract double %.1561.us601.440, %.1565.us602.3
  %sunkaddr70 = mul i64 %.1484.us.5, 8
  %sunkaddr71 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr70
  %.1489.us582.5.pre = load double, ptr %sunkaddr71, align 8
  %sunkaddr72 = mul i64 %.1484.us.5, 8
  %sunkaddr73 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr72
  %sunkaddr74 = getelementptr i8, ptr %sunkaddr73, i64 8
  %.1550.us586.5.pre = load double, ptr %sunkaddr74, align 8
  %sunkaddr75 = mul i64 %.1484.us.6, 8
  %sunkaddr76 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr75
  %.1489.us582.6.pre.pre = load double, ptr %sunkaddr76, align 8
  %sunkaddr77 = mul i64 %.1484.us.6, 8
  %sunkaddr78 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr77
  %sunkaddr79 = getelementptr i8, ptr %sunkaddr78, i64 8
  %.1550.us586.6.pre.pre = load double, ptr %sunkaddr79, align 8
  br label %B570.endif.us.6.thread

B570.endif.us.5:                                  ; preds = %B570.endif.us.3.thread
  %.1565.us602.4 = fadd nsz contract double %.1561.us601.4, %.1565.us602.3
  %.1308.us580.5.not = icmp eq i64 %.1104558564.us, 2
  %sunkaddr80 = mul i64 %.1484.us.5, 8
  %sunkaddr81 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr80
  %.1489.us582.5.pre64 = load double, ptr %sunkaddr81, align 8
  %sunkaddr82 = mul i64 %.1484.us.5, 8
  %sunkaddr83 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr82
  %sunkaddr84 = getelementptr i8, ptr %sunkaddr83, i64 8
  %.1550.us586.5.pre66 = load double, ptr %sunkaddr84, align 8
  %sunkaddr85 = mul i64 %.1484.us.6, 8
  %sunkaddr86 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr85
  %.1489.us582.6.pre.pre72 = load double, ptr %sunkaddr86, align 8
  %sunkaddr87 = mul i64 %.1484.us.6, 8
  %sunkaddr88 = getelementptr i8, ptr %arg.points.4, i64 %sunkaddr87
  %sunkaddr89 = getelementptr i8, ptr %sunkaddr88, i64 8
  %.1550.us586.6.pre.pre74 = load double, ptr %sunkaddr89, align 8
  br i1 %.1308.us580.5.not, label %B570.endif.us.6.thread, label %B570.endif.us.6

B570.endif.us.6.thread:                           ; preds = %B570.endif.us.5, %B570.endif.us.5.thread
  %.1550.us586.6.pre = phi double [ %.1550.us586.6.pre.pre, %B570.endif.us.5.thread ], [ %.1550.us586.6.pre.pre74, %B570.endif.us.5 ]
  %.1489.us582.6.pre = phi double [ %.1489.us582.6.pre.pre, %B570.endif.us.5.thread ], [ %.1489.us582.6.pre.pre72, %B570.endif.us.5 ]
  %.1550.us586.5 = phi double [ %.1550.us586.5.pre, %B570.endif.us.5.thread ], [ %.1550.us586.5.pre66, %B570.endif.us.5 ]
  %.1489.us582.5 = phi double [ %.1489.us582.5.pre, %B570.endif.us.5.thread ], [ %.1489.us582.5.pre64, %B570.endif.us.5 ]
  %.1565.us602.444 = phi double [ %.1565.us602.441, %B570.endif.us.5.thread ], [ %.1565.us602.4, %B570.endif.us.5 ]
  %.1491.us583.5 = fsub nsz contract double %.1489.us582.5, %.833.fca.0.load
  %.1493.us584.5 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.5
  %.1552.us587.5 = fsub nsz contract double %.1550.us586.5, %.833.fca.1.load
  %.1554.us588.5 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.5
  %.1555.us589.5 = fadd nsz contract double %.1554.us588.5, %.1493.us584.5
  %.1561.us601.547 = fmul nsz contract double %.1555.us589.5, %.1555.us589.5
  %.1565.us602.548 = fadd nsz contract double %.1565.us602.444, %.1561.us601.547
  br label %B668.us581.6

B570.endif.us.6:                                  ; preds = %B570.endif.us.5
  %.1366.us592.5 = fsub nsz contract double %.1489.us582.5.pre64, %.774.fca.0.load
  %.1368.us593.5 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.5
  %.1427.us596.5 = fsub nsz contract double %.1550.us586.5.pre66, %.774.fca.1.load
  %.1429.us597.5 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.5
  %.1430.us598.5 = fadd nsz contract double %.1368.us593.5, %.1429.us597.5
  %.1561.us601.5 = fmul nsz contract double %.1430.us598.5, %.1430.us598.5
  %.1565.us602.5 = fadd nsz contract double %.1565.us602.4, %.1561.us601.5
  %.1308.us580.6 = icmp samesign ugt i64 %.1104558564.us, 3
  br i1 %.1308.us580.6, label %B600.us590.6, label %B668.us581.6

B668.us581.6:                                     ; preds = %B570.endif.us.6, %B570.endif.us.6.thread
  %.1550.us586.6 = phi double [ %.1550.us586.6.pre, %B570.endif.us.6.thread ], [ %.1550.us586.6.pre.pre74, %B570.endif.us.6 ]
  %.1489.us582.6 = phi double [ %.1489.us582.6.pre, %B570.endif.us.6.thread ], [ %.1489.us582.6.pre.pre72, %B570.endif.us.6 ]
  %.1565.us602.551 = phi double [ %.1565.us602.548, %B570.endif.us.6.thread ], [ %.1565.us602.5, %B570.endif.us.6 ]
  %.1491.us583.6 = fsub nsz contract double %.1489.us582.6, %.833.fca.0.load
  %.1493.us584.6 = fmul nsz contract double %.833.fca.2.load, %.1491.us583.6
  %.1552.us587.6 = fsub nsz contract double %.1550.us586.6, %.833.fca.1.load
  %.1554.us588.6 = fmul nsz contract double %.833.fca.3.load, %.1552.us587.6
  %.1555.us589.6 = fadd nsz contract double %.1554.us588.6, %.1493.us584.6
  br label %B734.us599.6

B600.us590.6:                                     ; preds = %B570.endif.us.6
  %.1366.us592.6 = fsub nsz contract double %.1489.us582.6.pre.pre72, %.774.fca.0.load
  %.1368.us593.6 = fmul nsz contract double %.774.fca.2.load, %.1366.us592.6
  %.1427.us596.6 = fsub nsz contract double %.1550.us586.6.pre.pre74, %.774.fca.1.load
  %.1429.us597.6 = fmul nsz contract double %.774.fca.3.load, %.1427.us596.6
  %.1430.us598.6 = fadd nsz contract double %.1368.us593.6, %.1429.us597.6
  br label %B734.us599.6

B734.us599.6:                                     ; preds = %B600.us590.6, %B668.us581.6
  %.1565.us602.550 = phi double [ %.1565.us602.5, %B600.us590.6 ], [ %.1565.us602.551, %B668.us581.6 ]
  %off.2.3.us600.6 = phi double [ %.1430.us598.6, %B600.us590.6 ], [ %.1555.us589.6, %B668.us581.6 ]
  %.1561.us601.6 = fmul nsz contract double %off.2.3.us600.6, %off.2.3.us600.6
  %.1565.us602.6 = fadd nsz contract double %.1565.us602.550, %.1561.us601.6
  %.1111.us = add nsw i64 %.1104558564.us, 1
  %.1584.us = fadd nsz contract double %best.2.1567.us, -1.000000e-09
  %.1588.us = fcmp nsz contract olt double %.1565.us602.6, %.1584.us
  %best.3.2.us = select i1 %.1588.us, double %.1565.us602.6, double %best.2.1567.us
  %where.3.2.us = select i1 %.1588.us, i64 %.1104558564.us, i64 %where.2.1568.us
  %lsr.iv.next8 = add nsw i64 %lsr.iv7, -1
  %.1098.us = icmp sgt i64 %lsr.iv.next8, 2
  br i1 %.1098.us, label %B502.endif.endif.us, label %B780
}

; Function Attrs: nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr writeonly, i8, i64, i1 immarg)

define internal noundef i32 @part1(ptr noalias writeonly %retptr, ptr noalias readnone %excinfo, ptr readnone %arg.points.0, ptr readnone %arg.points.1, i64 %arg.points.2, i64 %arg.points.3, ptr readonly %arg.points.4, i64 %arg.points.5.0, i64 %arg.points.5.1, i64 %arg.points.6.0, i64 %arg.points.6.1, i64 %arg.first, i64 %arg.count) local_unnamed_addr {
B0.endif:
  %.131 = icmp sgt i64 %arg.count, 0
  %.arg.count = tail call i64 @llvm.smax.i64(i64 %arg.count, i64 0)
  br i1 %.131, label %B78.lr.ph, label %B330

B78.lr.ph:                                        ; preds = %B0.endif
  %.218 = icmp eq i64 %arg.points.5.0, 0
  %.311 = uitofp nneg i64 %arg.count to double
  br i1 %.218, label %B78.lr.ph.split.us, label %B78.preheader

B78.preheader:                                    ; preds = %B78.lr.ph
  %const = bitcast i64 -9223372036854775808 to i64
  %0 = trunc nuw i64 %arg.points.5.0 to i32
  br label %B78

B78.lr.ph.split.us:                               ; preds = %B78.lr.ph
  %.309.us = load double, ptr %arg.points.4, align 8
  %.315.us = fdiv nsz contract double %.309.us, %.311
  %.415.us = getelementptr i8, ptr %arg.points.4, i64 8
  %.416.us = load double, ptr %.415.us, align 8
  %.422.us = fdiv nsz contract double %.416.us, %.311
  %xtraiter = and i64 %.arg.count, 7
  %lcmp.mod.not = icmp eq i64 %xtraiter, 0
  br i1 %lcmp.mod.not, label %B78.us.prol.loopexit, label %B78.us.prol.preheader

B78.us.prol.preheader:                            ; preds = %B78.lr.ph.split.us
  br label %B78.us.prol

B78.us.prol:                                      ; preds = %B78.us.prol, %B78.us.prol.preheader
  %lsr.iv9 = phi i64 [ %lsr.iv.next10, %B78.us.prol ], [ %xtraiter, %B78.us.prol.preheader ]
  %my.2.0229.us.prol = phi double [ %.424.us.prol, %B78.us.prol ], [ 0.000000e+00, %B78.us.prol.preheader ]
  %mx.2.0228.us.prol = phi double [ %.317.us.prol, %B78.us.prol ], [ 0.000000e+00, %B78.us.prol.preheader ]
  %.317.us.prol = fadd nsz contract double %.315.us, %mx.2.0228.us.prol
  %.424.us.prol = fadd nsz contract double %.422.us, %my.2.0229.us.prol
  %lsr.iv.next10 = add nsw i64 %lsr.iv9, -1
  %prol.iter.cmp.not = icmp eq i64 %lsr.iv.next10, 0
  br i1 %prol.iter.cmp.not, label %B78.us.prol.loopexit.loopexit, label %B78.us.prol

B78.us.prol.loopexit.loopexit:                    ; preds = %B78.us.prol
  %const9 = bitcast i64 -9223372036854775808 to i64
  %const_mat = add i64 %const9, -8
  %1 = and i64 %.arg.count, %const_mat
  br label %B78.us.prol.loopexit

B78.us.prol.loopexit:                             ; preds = %B78.us.prol.loopexit.loopexit, %B78.lr.ph.split.us
  %my.2.0229.us.unr = phi double [ 0.000000e+00, %B78.lr.ph.split.us ], [ %.424.us.prol, %B78.us.prol.loopexit.loopexit ]
  %mx.2.0228.us.unr = phi double [ 0.000000e+00, %B78.lr.ph.split.us ], [ %.317.us.prol, %B78.us.prol.loopexit.loopexit ]
  %.174223227.us.unr = phi i64 [ %.arg.count, %B78.lr.ph.split.us ], [ %1, %B78.us.prol.loopexit.loopexit ]
  %.317.us.lcssa.unr = phi double [ poison, %B78.lr.ph.split.us ], [ %.317.us.prol, %B78.us.prol.loopexit.loopexit ]
  %.424.us.lcssa.unr = phi double [ poison, %B78.lr.ph.split.us ], [ %.424.us.prol, %B78.us.prol.loopexit.loopexit ]
  %2 = icmp samesign ult i64 %arg.count, 8
  br i1 %2, label %B202.lr.ph.split.us, label %B78.us.preheader

B78.us.preheader:                                 ; preds = %B78.us.prol.loopexit
  %3 = add nuw i64 %.174223227.us.unr, 8
  br label %B78.us

B78.us:                                           ; preds = %B78.us, %B78.us.preheader
  %lsr.iv8 = phi i64 [ %3, %B78.us.preheader ], [ %lsr.iv.next9, %B78.us ]
  %my.2.0229.us = phi double [ %my.2.0229.us.unr, %B78.us.preheader ], [ %.424.us.7, %B78.us ]
  %mx.2.0228.us = phi double [ %mx.2.0228.us.unr, %B78.us.preheader ], [ %.317.us.7, %B78.us ]
  %.317.us = fadd nsz contract double %.315.us, %mx.2.0228.us
  %.424.us = fadd nsz contract double %.422.us, %my.2.0229.us
  %.317.us.1 = fadd nsz contract double %.315.us, %.317.us
  %.424.us.1 = fadd nsz contract double %.422.us, %.424.us
  %.317.us.2 = fadd nsz contract double %.315.us, %.317.us.1
  %.424.us.2 = fadd nsz contract double %.422.us, %.424.us.1
  %.317.us.3 = fadd nsz contract double %.315.us, %.317.us.2
  %.424.us.3 = fadd nsz contract double %.422.us, %.424.us.2
  %.317.us.4 = fadd nsz contract double %.315.us, %.317.us.3
  %.424.us.4 = fadd nsz contract double %.422.us, %.424.us.3
  %.317.us.5 = fadd nsz contract double %.315.us, %.317.us.4
  %.424.us.5 = fadd nsz contract double %.422.us, %.424.us.4
  %.317.us.6 = fadd nsz contract double %.315.us, %.317.us.5
  %.424.us.6 = fadd nsz contract double %.422.us, %.424.us.5
  %.317.us.7 = fadd nsz contract double %.315.us, %.317.us.6
  %.424.us.7 = fadd nsz contract double %.422.us, %.424.us.6
  %lsr.iv.next9 = add i64 %lsr.iv8, -8
  %.175.us.7 = icmp samesign ugt i64 %lsr.iv.next9, 8
  br i1 %.175.us.7, label %B78.us, label %B202.lr.ph.split.us

B78:                                              ; preds = %B78.endif.endif.endif.thread, %B78.preheader
  %lsr.iv16 = phi i64 [ %lsr.iv.next17, %B78.endif.endif.endif.thread ], [ %arg.count, %B78.preheader ]
  %lsr.iv14 = phi i64 [ %lsr.iv.next15, %B78.endif.endif.endif.thread ], [ %arg.first, %B78.preheader ]
  %my.2.0229 = phi double [ %.424, %B78.endif.endif.endif.thread ], [ 0.000000e+00, %B78.preheader ]
  %mx.2.0228 = phi double [ %.317267, %B78.endif.endif.endif.thread ], [ 0.000000e+00, %B78.preheader ]
  %4 = icmp ne i64 %arg.points.5.0, -1
  %5 = add i64 %lsr.iv14, %const
  %.229 = icmp ne i64 %5, 0
  %.231.not = or i1 %4, %.229
  br i1 %.231.not, label %B78.endif, label %B78.endif.endif.endif.thread

B202:                                             ; preds = %B202.endif.endif.thread, %B202.preheader
  %lsr.iv12 = phi i64 [ %lsr.iv.next13, %B202.endif.endif.thread ], [ %arg.count, %B202.preheader ]
  %lsr.iv10 = phi i64 [ %lsr.iv.next11, %B202.endif.endif.thread ], [ %arg.first, %B202.preheader ]
  %yy.2.0243 = phi double [ %.780, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %xy.2.0242 = phi double [ %.775, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %xx.2.0241 = phi double [ %.770, %B202.endif.endif.thread ], [ 0.000000e+00, %B202.preheader ]
  %6 = icmp ne i64 %arg.points.5.0, -1
  %7 = add i64 %lsr.iv10, %const
  %.586 = icmp ne i64 %7, 0
  %.588.not = or i1 %6, %.586
  br i1 %.588.not, label %B202.endif, label %B202.endif.endif.thread

B330:                                             ; preds = %B202.endif.endif.thread, %B202.us, %B0.endif
  %my.2.0.lcssa273 = phi double [ %.424.us.lcssa, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.424, %B202.endif.endif.thread ]
  %mx.2.0.lcssa272 = phi double [ %.317.us.lcssa, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.317267, %B202.endif.endif.thread ]
  %xx.2.0.lcssa = phi double [ %.770.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.770, %B202.endif.endif.thread ]
  %xy.2.0.lcssa = phi double [ %.775.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.775, %B202.endif.endif.thread ]
  %yy.2.0.lcssa = phi double [ %.780.us, %B202.us ], [ 0.000000e+00, %B0.endif ], [ %.780, %B202.endif.endif.thread ]
  %.800 = fmul nsz contract double %xy.2.0.lcssa, 2.000000e+00
  %.805 = fsub nsz contract double %xx.2.0.lcssa, %yy.2.0.lcssa
  %.810 = tail call nsz contract double @atan2(double %.800, double %.805)
  %.811 = fmul nsz contract double %.810, 5.000000e-01
  %.812 = tail call nsz contract double @llvm.sin.f64(double %.811)
  %.813 = fneg nsz contract double %.812
  %.814 = tail call nsz contract double @llvm.cos.f64(double %.811)
  store double %mx.2.0.lcssa272, ptr %retptr, align 8
  %retptr.repack216 = getelementptr inbounds nuw i8, ptr %retptr, i64 8
  store double %my.2.0.lcssa273, ptr %retptr.repack216, align 8
  %retptr.repack218 = getelementptr inbounds nuw i8, ptr %retptr, i64 16
  store double %.813, ptr %retptr.repack218, align 8
  %retptr.repack220 = getelementptr inbounds nuw i8, ptr %retptr, i64 24
  store double %.814, ptr %retptr.repack220, align 8
  ret i32 0

B78.endif:                                        ; preds = %B78
  %8 = or i64 %lsr.iv14, %arg.points.5.0
  %9 = icmp ult i64 %8, 4294967296
  br i1 %9, label %10, label %13

10:                                               ; preds = %B78.endif
  %tmp = trunc i64 %lsr.iv14 to i32
  %11 = urem i32 %tmp, %0
  %12 = zext i32 %11 to i64
  br label %24

13:                                               ; preds = %B78.endif
  %14 = or i64 %lsr.iv14, %arg.points.5.0
  %15 = and i64 %14, -4294967296
  %16 = icmp eq i64 %15, 0
  br i1 %16, label %17, label %22

17:                                               ; preds = %13
  %18 = trunc i64 %arg.points.5.0 to i32
  %19 = trunc i64 %lsr.iv14 to i32
  %20 = urem i32 %19, %18
  %21 = zext i32 %20 to i64
  br label %24

22:                                               ; preds = %13
  %23 = srem i64 %lsr.iv14, %arg.points.5.0
  br label %24

24:                                               ; preds = %22, %17, %10
  %25 = phi i64 [ %12, %10 ], [ %21, %17 ], [ %23, %22 ]
  %.236 = xor i64 %25, %arg.points.5.0
  %.237 = icmp slt i64 %.236, 0
  %.238 = icmp ne i64 %25, 0
  %.239 = and i1 %.238, %.237
  %.246 = select i1 %.239, i64 %arg.points.5.0, i64 0
  %spec.select208 = add i64 %.246, %25
  %26 = freeze i64 %spec.select208
  %.282 = icmp slt i64 %26, 0
  %spec.select301 = select i1 %.282, i64 %arg.points.5.0, i64 0
  %spec.select261 = add i64 %spec.select301, %26
  %.304262 = mul i64 %spec.select261, %arg.points.5.1
  %.308263 = getelementptr double, ptr %arg.points.4, i64 %.304262
  %27 = add i64 %.304262, 1
  br label %B78.endif.endif.endif.thread

B78.endif.endif.endif.thread:                     ; preds = %24, %B78
  %.309.pn.in = phi ptr [ %.308263, %24 ], [ %arg.points.4, %B78 ]
  %.411 = phi i64 [ %27, %24 ], [ 1, %B78 ]
  %.309.pn = load double, ptr %.309.pn.in, align 8
  %.315.pn = fdiv nsz contract double %.309.pn, %.311
  %.317267 = fadd nsz contract double %mx.2.0228, %.315.pn
  %.415 = getelementptr double, ptr %arg.points.4, i64 %.411
  %.416 = load double, ptr %.415, align 8
  %.422 = fdiv nsz contract double %.416, %.311
  %.424 = fadd nsz contract double %my.2.0229, %.422
  %lsr.iv.next15 = add i64 %lsr.iv14, 1
  %lsr.iv.next17 = add nsw i64 %lsr.iv16, -1
  %exitcond.not = icmp eq i64 %lsr.iv.next17, 0
  br i1 %exitcond.not, label %B202.preheader, label %B78

B202.preheader:                                   ; preds = %B78.endif.endif.endif.thread
  br label %B202

B202.lr.ph.split.us:                              ; preds = %B78.us, %B78.us.prol.loopexit
  %.317.us.lcssa = phi double [ %.317.us.lcssa.unr, %B78.us.prol.loopexit ], [ %.317.us.7, %B78.us ]
  %.424.us.lcssa = phi double [ %.424.us.lcssa.unr, %B78.us.prol.loopexit ], [ %.424.us.7, %B78.us ]
  %.668.us = fsub nsz contract double %.309.us, %.317.us.lcssa
  %.767.us = fsub nsz contract double %.416.us, %.424.us.lcssa
  %.768.us = fmul nsz contract double %.668.us, %.668.us
  %.773.us = fmul nsz contract double %.668.us, %.767.us
  %.778.us = fmul nsz contract double %.767.us, %.767.us
  %28 = add nuw i64 %.arg.count, 1
  br label %B202.us

B202.us:                                          ; preds = %B202.us, %B202.lr.ph.split.us
  %lsr.iv = phi i64 [ %lsr.iv.next, %B202.us ], [ %28, %B202.lr.ph.split.us ]
  %yy.2.0243.us = phi double [ %.780.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %xy.2.0242.us = phi double [ %.775.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %xx.2.0241.us = phi double [ %.770.us, %B202.us ], [ 0.000000e+00, %B202.lr.ph.split.us ]
  %.770.us = fadd nsz contract double %.768.us, %xx.2.0241.us
  %.775.us = fadd nsz contract double %.773.us, %xy.2.0242.us
  %.780.us = fadd nsz contract double %.778.us, %yy.2.0243.us
  %lsr.iv.next = add i64 %lsr.iv, -1
  %.532.us = icmp samesign ugt i64 %lsr.iv.next, 1
  br i1 %.532.us, label %B202.us, label %B330

B202.endif:                                       ; preds = %B202
  %29 = or i64 %lsr.iv10, %arg.points.5.0
  %30 = icmp ult i64 %29, 4294967296
  br i1 %30, label %31, label %34

31:                                               ; preds = %B202.endif
  %tmp8 = trunc i64 %lsr.iv10 to i32
  %32 = urem i32 %tmp8, %0
  %33 = zext i32 %32 to i64
  br label %45

34:                                               ; preds = %B202.endif
  %35 = or i64 %lsr.iv10, %arg.points.5.0
  %36 = and i64 %35, -4294967296
  %37 = icmp eq i64 %36, 0
  br i1 %37, label %38, label %43

38:                                               ; preds = %34
  %39 = trunc i64 %arg.points.5.0 to i32
  %40 = trunc i64 %lsr.iv10 to i32
  %41 = urem i32 %40, %39
  %42 = zext i32 %41 to i64
  br label %45

43:                                               ; preds = %34
  %44 = srem i64 %lsr.iv10, %arg.points.5.0
  br label %45

45:                                               ; preds = %43, %38, %31
  %46 = phi i64 [ %33, %31 ], [ %42, %38 ], [ %44, %43 ]
  %.593 = xor i64 %46, %arg.points.5.0
  %.594 = icmp slt i64 %.593, 0
  %.595 = icmp ne i64 %46, 0
  %.596 = and i1 %.595, %.594
  %.603 = select i1 %.596, i64 %arg.points.5.0, i64 0
  %spec.select212 = add i64 %.603, %46
  %47 = freeze i64 %spec.select212
  %.639 = icmp slt i64 %47, 0
  %spec.select302 = select i1 %.639, i64 %arg.points.5.0, i64 0
  %spec.select211293 = add i64 %spec.select302, %47
  %.661294 = mul i64 %spec.select211293, %arg.points.5.1
  %.665295 = getelementptr double, ptr %arg.points.4, i64 %.661294
  %48 = add i64 %.661294, 1
  br label %B202.endif.endif.thread

B202.endif.endif.thread:                          ; preds = %45, %B202
  %.666.pn.in = phi ptr [ %.665295, %45 ], [ %arg.points.4, %B202 ]
  %.760 = phi i64 [ %48, %45 ], [ 1, %B202 ]
  %.666.pn = load double, ptr %.666.pn.in, align 8
  %.668298 = fsub nsz contract double %.666.pn, %.317267
  %.764 = getelementptr double, ptr %arg.points.4, i64 %.760
  %.765 = load double, ptr %.764, align 8
  %.767 = fsub nsz contract double %.765, %.424
  %.768 = fmul nsz contract double %.668298, %.668298
  %.770 = fadd nsz contract double %xx.2.0241, %.768
  %.773 = fmul nsz contract double %.668298, %.767
  %.775 = fadd nsz contract double %xy.2.0242, %.773
  %.778 = fmul nsz contract double %.767, %.767
  %.780 = fadd nsz contract double %yy.2.0243, %.778
  %lsr.iv.next11 = add i64 %lsr.iv10, 1
  %lsr.iv.next13 = add nsw i64 %lsr.iv12, -1
  %exitcond256.not = icmp eq i64 %lsr.iv.next13, 0
  br i1 %exitcond256.not, label %B330, label %B202
}

